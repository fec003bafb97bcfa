"""Flask: ``app.json = JSONProvider(app)``, or ``json_provider_class = JSONProvider`` in a subclass of Flask."""

from flask.json.provider import DefaultJSONProvider

from cyjson import dumps, loads


class JSONProvider(DefaultJSONProvider):
    """Flask's own provider, with its settings and types, on cyjson's ``dumps`` and ``loads``."""

    def dumps(self, obj, **kwargs):
        """Return ``obj`` as JSON (str); the arguments are those of ``json.dumps``, which Flask's settings fill in."""
        kwargs.setdefault("default", self.default)
        kwargs.setdefault("ensure_ascii", self.ensure_ascii)
        kwargs.setdefault("sort_keys", self.sort_keys)
        return dumps(obj, **kwargs)

    def loads(self, s, **kwargs):
        """Return the value of a JSON document (str or bytes). The arguments are those of ``json.loads``."""
        return loads(s, **kwargs)
