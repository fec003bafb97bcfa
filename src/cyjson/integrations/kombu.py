"""kombu, and Celery: ``register()`` where the app is made."""

from functools import partial

import kombu.serialization
import kombu.utils.json

from cyjson import dumps, loads


def register(name="json"):
    """Register cyjson as kombu's serializer of this name, with kombu's types (dates, UUID, Decimal, bytes).

    The messages are those of kombu's own: workers with and without may share a queue. Under another name than "json",
    set ``task_serializer`` and ``accept_content``.
    """
    kombu.serialization.register(
        name,
        partial(kombu.utils.json.dumps, _dumps=dumps),
        partial(kombu.utils.json.loads, _loads=loads),
        content_type="application/json" if name == "json" else f"application/x-{name}",
        content_encoding="utf-8",
    )
