"""What each recipe of docs/frameworks.md gains: a package's own JSON path, and the same with cyjson plugged in.

    python -m benchmarks.frameworks      # every package that is installed: make integrations installs them
    python -m benchmarks.frameworks --only Flask aiohttp --rounds 30

A call is the package's own, from a value to what it hands to the server, or back: the response object, the bound
parameter, the log line. Both sides take turns in one thread. Of each side the least time of a turn counts, by the
thread's own clock, so that what others do on the machine adds little. Answers are compared first. The table is
Markdown: how many times as fast, for a task of a queue, a page of a social feed and a code host's events.

Where a package has no plug, the second side runs under `cyjson.install()`. A recipe that writes compact UTF-8 where the
package writes spaces and escapes is marked †.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import io
import json
import logging
import math
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from importlib.metadata import version
from typing import Any, NamedTuple

import cyjson

from . import documents, machine

TURN = 2e6  # ns
Call = Callable[[], Any]


class Pair(NamedTuple):
    """One row: what is called, the package's own way, and cyjson's."""

    what: str
    theirs: Call
    ours: Call
    seen: Callable[[Any], Any] = lambda result: result  # what of the results has to be equal
    compact: bool = False
    installed: bool = False  # ours is theirs, under install()


@dataclass(frozen=True)
class Document:
    value: Any
    body: bytes  # compact

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def event(self) -> dict[str, Any]:
        return {"event": "received", "value": self.value}


Recipe = Callable[[Document], Iterator[Pair]]
RECIPES: dict[str, tuple[str, Recipe]] = {}  # package -> its distribution, and its rows


def recipe(package: str, distribution: str) -> Callable[[Recipe], Recipe]:
    def add(function: Recipe) -> Recipe:
        RECIPES[package] = distribution, function
        return function

    return add


def ours(name: str) -> Any:
    return import_module(f"cyjson.integrations.{name}")


def run(coroutine: Any) -> Any:
    """The result of a coroutine that waits for nothing."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    raise RuntimeError("it waits")


def data_of(response: Any) -> Any:
    return response.data


def body_of(response: Any) -> Any:
    return response.body


def value_of(text: Any) -> Any:
    return json.loads(text)


# Web frameworks


def provided(app: Any, provider: Any, document: Document) -> Iterator[Pair]:
    """Of Flask and Quart."""
    theirs, mine = app.json, provider(app)
    yield Pair("jsonify", lambda: theirs.response(document.value), lambda: mine.response(document.value), str)
    yield Pair("get_json", lambda: theirs.loads(document.body), lambda: mine.loads(document.body))


@recipe("Flask", "flask")
def flask(document: Document) -> Iterator[Pair]:
    yield from provided(import_module("flask").Flask("benchmarks"), ours("flask").JSONProvider, document)


@recipe("Quart", "quart")
def quart(document: Document) -> Iterator[Pair]:
    yield from provided(import_module("quart").Quart("benchmarks"), ours("quart").JSONProvider, document)


def configured() -> None:
    """Django's settings, once."""
    settings = import_module("django.conf").settings
    if not settings.configured:
        databases = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
        settings.configure(DATABASES=databases, USE_TZ=True)
        import_module("django").setup()


@recipe("Django", "django")
def django(document: Document) -> Iterator[Pair]:
    configured()
    module, value = ours("django"), document.value
    theirs = import_module("django.http").JsonResponse
    yield Pair(
        "JsonResponse",
        lambda: theirs(value, safe=False),
        lambda: module.JsonResponse(value, safe=False),
        lambda response: response.content,
    )
    connection = import_module("django.db").connection
    field = import_module("django.db.models").JSONField
    plain = field(encoder=module.DjangoJSONEncoder)
    fast = field(encoder=module.JSONEncoder, decoder=module.JSONDecoder)
    yield Pair(
        "JSONField, written",
        lambda: plain.get_db_prep_value(value, connection),
        lambda: fast.get_db_prep_value(value, connection),
    )
    text = document.text
    yield Pair(
        "JSONField, read",
        lambda: plain.from_db_value(text, None, connection),
        lambda: fast.from_db_value(text, None, connection),
    )


@recipe("Django REST framework", "djangorestframework")
def rest_framework(document: Document) -> Iterator[Pair]:
    configured()
    module, value, body = ours("rest_framework"), document.value, document.body
    theirs = import_module("rest_framework.renderers").JSONRenderer()
    mine = module.JSONRenderer()
    kind: tuple[Any, ...] = ("application/json", {})
    yield Pair("JSONRenderer", lambda: theirs.render(value, *kind), lambda: mine.render(value, *kind))
    parser, fast = import_module("rest_framework.parsers").JSONParser(), module.JSONParser()
    yield Pair("JSONParser", lambda: parser.parse(io.BytesIO(body)), lambda: fast.parse(io.BytesIO(body)))


def read_by_starlette(document: Document) -> Call:
    request = import_module("starlette.requests").Request

    def read() -> Any:
        made = request({"type": "http", "headers": []})
        made._body = document.body
        return run(made.json())

    return read


@recipe("Starlette", "starlette")
def starlette(document: Document) -> Iterator[Pair]:
    theirs, mine = import_module("starlette.responses").JSONResponse, ours("starlette").JSONResponse
    yield Pair("JSONResponse", lambda: theirs(document.value), lambda: mine(document.value), body_of)
    read = read_by_starlette(document)
    yield Pair("Request.json", read, read, installed=True)


def asked(app: Any, loop: Any, method: str, path: str, body: bytes = b"") -> bytes:
    """The body of an application's answer: a whole request, without a server."""
    sent = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    scope = {"type": "http", "method": method, "path": path, "headers": headers, "query_string": b"", "root_path": ""}
    loop.run_until_complete(app(scope, receive, send))
    if sent[0]["status"] != 200:
        raise RuntimeError(sent)
    return b"".join(message.get("body", b"") for message in sent[1:])


@dataclass
class Message:
    """What a document is in, as a typed body."""

    id: int
    tags: list[str]
    value: Any


@recipe("FastAPI", "fastapi")
def fastapi(document: Document) -> Iterator[Pair]:
    module, loop = ours("fastapi"), asyncio.new_event_loop()
    app = import_module("fastapi").FastAPI()

    plain = import_module("starlette.responses").JSONResponse

    async def give() -> Any:
        return document.value

    async def give_plain() -> Any:
        return plain(document.value)

    async def give_fast() -> Any:
        return module.JSONResponse(document.value)

    async def theirs(message: Message) -> None: ...

    async def mine(message: Any) -> None: ...

    mine.__annotations__["message"] = module.Body[Message]
    theirs.__annotations__["message"] = Message
    app.get("/theirs", response_model=None)(give)
    app.get("/ours", response_model=None, response_class=module.JSONResponse)(give)
    app.get("/theirs/whole")(give_plain)
    app.get("/ours/whole")(give_fast)
    app.post("/theirs")(theirs)
    app.post("/ours")(mine)
    for what, path in ("response_class=JSONResponse", ""), ("return JSONResponse(…)", "/whole"):
        get = partial(asked, app, loop, "GET")
        yield Pair(f"a request, {what}", partial(get, f"/theirs{path}"), partial(get, f"/ours{path}"))
    body = b'{"id": 1, "tags": ["new"], "value": %b}' % document.body
    yield Pair(
        "a request, its body Body[T]",
        lambda: asked(app, loop, "POST", "/theirs", body),
        lambda: asked(app, loop, "POST", "/ours", body),
    )


@recipe("aiohttp", "aiohttp")
def aiohttp(document: Document) -> Iterator[Pair]:
    module, value = ours("aiohttp"), document.value
    theirs = import_module("aiohttp.web").json_response
    yield Pair("json_response", lambda: theirs(value), lambda: module.json_response(value), body_of)
    yield Pair(
        "json_bytes_response",
        lambda: theirs(value),
        lambda: module.json_bytes_response(value),
        lambda response: value_of(response.body),
        compact=True,
    )
    request = import_module("aiohttp.test_utils").make_mocked_request("POST", "/")
    request._read_bytes = document.body
    yield Pair("read", lambda: run(request.json()), lambda: run(module.read(request)))


@recipe("Litestar", "litestar")
def litestar(document: Document) -> Iterator[Pair]:
    theirs, mine = import_module("litestar").Response({}), ours("litestar").JSONResponse({})
    kind = "application/json"
    yield Pair("Response", lambda: theirs.render(document.value, kind), lambda: mine.render(document.value, kind))


@recipe("Sanic", "sanic")
def sanic(document: Document) -> Iterator[Pair]:
    respond = import_module("sanic.response").json
    plain, mine = import_module("sanic.helpers").json_dumps, ours("sanic")
    yield Pair(
        "json()",
        lambda: respond(document.value, dumps=plain),
        lambda: respond(document.value, dumps=mine.dumps),
        body_of,
    )
    request = import_module("sanic.request").Request(b"/", {}, "1.1", "POST", None, None)
    request.body = document.body
    yield Pair("Request.json", request.load_json, lambda: request.load_json(mine.loads))


@recipe("Falcon", "falcon")
def falcon(document: Document) -> Iterator[Pair]:
    theirs, mine = import_module("falcon.media").JSONHandler(), ours("falcon").JSONHandler()
    kind, body = "application/json", document.body
    yield Pair(
        "response.media",
        lambda: theirs.serialize(document.value, kind),
        lambda: mine.serialize(document.value, kind),
    )
    yield Pair(
        "get_media",
        lambda: theirs.deserialize(io.BytesIO(body), kind, len(body)),
        lambda: mine.deserialize(io.BytesIO(body), kind, len(body)),
    )


# Databases and caches


@recipe("SQLAlchemy", "sqlalchemy")
def sqlalchemy(document: Document) -> Iterator[Pair]:
    module = import_module("sqlalchemy")
    write, read = [], []
    for create in module.create_engine, ours("sqlalchemy").create_engine:
        dialect = create("sqlite://").dialect
        kind = module.JSON().dialect_impl(dialect)
        write.append(kind.bind_processor(dialect))
        read.append(kind.result_processor(dialect, None))
    yield Pair("JSON, written", lambda: write[0](document.value), lambda: write[1](document.value))
    yield Pair("JSON, read", lambda: read[0](document.text), lambda: read[1](document.text))


@recipe("psycopg", "psycopg")
def psycopg(document: Document) -> Iterator[Pair]:
    module = import_module("psycopg")
    jsonb, adapt = import_module("psycopg.types.json").Jsonb, import_module("psycopg.adapt")

    class Context:
        connection = None
        adapters = module.adapters.__class__(module.adapters)

    ours("psycopg").register(Context)
    value = jsonb(document.value)
    transformers = [adapt.Transformer(None), adapt.Transformer(Context)]
    dumpers = [each.get_dumper(value, adapt.PyFormat.TEXT) for each in transformers]
    loaders = [each.get_loader(module.adapters.types["jsonb"].oid, 0) for each in transformers]
    yield Pair("Jsonb, written", lambda: dumpers[0].dump(value), lambda: dumpers[1].dump(value), bytes)
    yield Pair("Jsonb, read", lambda: loaders[0].load(document.body), lambda: loaders[1].load(document.body))


def serialized(name: str, theirs: Any, mine: Any, document: Document) -> Iterator[Pair]:
    yield Pair(f"{name}.dumps", lambda: theirs.dumps(document.value), lambda: mine.dumps(document.value))
    yield Pair(f"{name}.loads", lambda: theirs.loads(document.text), lambda: mine.loads(document.text))


@recipe("Elasticsearch", "elasticsearch")
def elasticsearch(document: Document) -> Iterator[Pair]:
    theirs, mine = import_module("elasticsearch.serializer").JsonSerializer(), ours("elasticsearch").JsonSerializer()
    yield from serialized("JsonSerializer", theirs, mine, document)


@recipe("OpenSearch", "opensearch-py")
def opensearch(document: Document) -> Iterator[Pair]:
    theirs, mine = import_module("opensearchpy.serializer").JSONSerializer(), ours("opensearch").JSONSerializer()
    yield from serialized("JSONSerializer", theirs, mine, document)


# Queues, logs, notebooks


@recipe("Celery, kombu", "kombu")
def kombu(document: Document) -> Iterator[Pair]:
    module = import_module("kombu.serialization")
    ours("kombu").register("benchmarks")
    value = document.value

    def written(name: str) -> Any:
        return lambda: module.dumps(value, name)

    def read(name: str) -> Any:
        kind, encoding, payload = module.dumps(value, name)
        return lambda: module.loads(payload, kind, encoding, accept={kind})

    yield Pair("a message, written", written("json"), written("benchmarks"), lambda message: message[2])
    yield Pair("a message, read", read("json"), read("benchmarks"))


@recipe("structlog", "structlog")
def structlog(document: Document) -> Iterator[Pair]:
    theirs = import_module("structlog.processors").JSONRenderer()
    mine, compact = ours("structlog").JSONRenderer(), ours("structlog").JSONBytesRenderer()
    event = document.event
    yield Pair("JSONRenderer", lambda: theirs(None, "info", event), lambda: mine(None, "info", event))
    yield Pair(
        "JSONBytesRenderer",
        lambda: theirs(None, "info", event),
        lambda: compact(None, "info", event),
        value_of,
        compact=True,
    )


@recipe("python-json-logger", "python-json-logger")
def pythonjsonlogger(document: Document) -> Iterator[Pair]:
    theirs = import_module("pythonjsonlogger.json").JsonFormatter()
    mine = ours("pythonjsonlogger").JsonFormatter()
    record = logging.LogRecord("shop", logging.INFO, "shop.py", 1, "received", None, None)
    record.value = document.value
    yield Pair("JsonFormatter", lambda: theirs.format(record), lambda: mine.format(record))


@recipe("Jupyter", "jupyter-client")
def jupyter(document: Document) -> Iterator[Pair]:
    theirs, mine = import_module("jupyter_client.session"), ours("jupyter")
    yield Pair("pack", lambda: theirs.json_packer(document.value), lambda: mine.pack(document.value))
    yield Pair("unpack", lambda: theirs.json_unpacker(document.body), lambda: mine.unpack(document.body))


# By install() alone


@recipe("requests", "requests")
def requests(document: Document) -> Iterator[Pair]:
    module = import_module("requests")
    if module.models.complexjson is not json:
        return  # simplejson, which install() leaves alone
    response = module.Response()
    response._content, response.encoding = document.body, "utf-8"
    yield Pair("Response.json", response.json, response.json, installed=True)

    def written() -> Any:
        return module.Request("POST", "http://127.0.0.1/", json=document.value).prepare()

    yield Pair("json=", written, written, body_of, installed=True)


@recipe("httpx", "httpx")
def httpx(document: Document) -> Iterator[Pair]:
    module = import_module("httpx")
    response = module.Response(200, content=document.body)
    yield Pair("Response.json", response.json, response.json, installed=True)

    def written() -> Any:
        return module.Request("POST", "http://127.0.0.1/", json=document.value)

    yield Pair("json=", written, written, lambda request: request.content, installed=True)


# Races


def turn(call: Call, count: int) -> int:
    """Nanoseconds that a number of calls takes this thread."""
    before = time.thread_time_ns()
    for _ in range(count):
        call()
    return time.thread_time_ns() - before


def race(pair: Pair, rounds: int) -> tuple[float, float]:
    """Nanoseconds of a call: theirs, and ours."""
    under = cyjson.install if pair.installed else nullcontext
    expected = pair.seen(pair.theirs())
    with under():
        found = pair.seen(pair.ours())
    if found != expected:
        raise AssertionError(f"{pair.what}: cyjson differs")
    counts = []
    for call, around in (pair.theirs, nullcontext), (pair.ours, under):
        with around():
            turn(call, 3)
            counts.append(max(1, math.ceil(TURN / max(1, min(turn(call, 2), turn(call, 2)) / 2))))
    least = [math.inf, math.inf]
    for number in range(rounds):
        for side in (0, 1) if number % 2 else (1, 0):
            with under() if side else nullcontext():
                spent = turn((pair.theirs, pair.ours)[side], counts[side]) / counts[side]
            least[side] = min(least[side], spent)
    return least[0], least[1]


def chosen() -> dict[str, Document]:
    bodies = {"task": documents.messages()["task"]}
    bodies |= {name: documents.documents()[name] for name in ("social_page", "events")}
    made = {}
    for name, body in bodies.items():
        value = json.loads(body)
        made[name] = Document(value, json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())
    return made


def shown(number: float) -> str:
    """A number with as many digits as mean something."""
    return f"{number:.{0 if number >= 10 else 1 if number >= 1 else 2}f}"


def table(only: list[str], rounds: int) -> Iterator[str]:
    """The lines of the table."""
    shapes = chosen()
    heads = [f"{name}, {len(shape.body) / 1000:.1f} KB" for name, shape in shapes.items()]
    yield f"| package | call | {' | '.join(heads)} | µs of the page |"
    yield f"|---|---|{'---:|' * len(heads)}---:|"
    for package, (distribution, rows) in RECIPES.items():
        if only and package not in only:
            continue
        try:
            for pairs in zip(*(rows(shape) for shape in shapes.values()), strict=True):
                times = [race(pair, rounds) for pair in pairs]
                mark = " †" if pairs[0].compact else ", install()" if pairs[0].installed else ""
                gains = " | ".join(shown(theirs / mine) for theirs, mine in times)
                spent = " → ".join(shown(each / 1000) for each in times[1])
                yield f"| {package} {version(distribution)} | {pairs[0].what}{mark} | {gains} | {spent} |"
                gc.collect()
        except ImportError as error:
            print(f"{package}: {error}", file=sys.stderr)


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.frameworks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--only", nargs="+", default=[], choices=sorted(RECIPES), help="some packages")
    parser.add_argument("--rounds", type=int, default=20)
    options = parser.parse_args()
    for line in table(options.only, options.rounds):
        print(line, flush=True)
    about = machine.describe()
    print(f"\nMeasured on {about['processor']}; {about['system']}; {about['python']};", end=" ")
    print(f"cyjson {about['cyjson']}, {about['extension']}; {about['date']}.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
