"""cyjson.integrations of databases, queues, logs and clients: as test_integrations.py has it for web frameworks."""

import asyncio
import io
import json
import logging
import os
import subprocess
import sys

import pytest
from support.apps import PLAIN, SOURCE, SPECIAL, WHEN, needs, ours, served_by_wsgi

import cyjson

pytestmark = pytest.mark.thread_unsafe

# Databases and queues


def test_sqlalchemy():
    needs("sqlalchemy")
    import sqlalchemy

    module = ours("sqlalchemy")
    told = []
    for create in sqlalchemy.create_engine, module.create_engine:
        table = sqlalchemy.Table("t", sqlalchemy.MetaData(), sqlalchemy.Column("value", sqlalchemy.JSON))
        engine = create("sqlite://")
        with engine.connect() as connection:
            table.create(connection)
            for value in PLAIN, None, [1.5]:
                connection.execute(table.insert(), {"value": value})
            rows = [row[0] for row in connection.execute(table.select())]
            raw = [row[0] for row in connection.execute(sqlalchemy.text("select value from t"))]
            told.append((rows, raw))
    assert told[0] == told[1]
    assert told[0][0][0] == PLAIN
    assert engine.dialect._json_serializer is cyjson.dumps


def test_psycopg():
    """What it sends and reads, without a server."""
    needs("psycopg")
    from psycopg.adapt import PyFormat, Transformer
    from psycopg.types.json import Json, Jsonb

    def told(context):
        transformer = Transformer(context)
        dumped = [bytes(transformer.get_dumper(each, PyFormat.TEXT).dump(each)) for each in (Json(PLAIN), Jsonb(PLAIN))]
        loaded = [transformer.get_loader(oid, 0).load(b'{"a": [1, "\xc3\xa9"]}') for oid in (114, 3802)]
        return dumped, loaded

    import psycopg

    theirs = told(None)
    adapters = psycopg.adapters.__class__(psycopg.adapters)

    class Context:
        connection = None

    context = Context()
    context.adapters = adapters
    ours("psycopg").register(context)
    assert told(context) == theirs
    assert told(None) == theirs


def test_asyncpg():
    """What it would register on a connection; PostgreSQL's binary formats are documented in its sources."""
    registered = {}

    class Connection:
        async def set_type_codec(self, name, *, schema, encoder, decoder, format):
            registered[name] = (schema, encoder, decoder, format)

    module = ours("asyncpg")
    asyncio.run(module.register(Connection()))
    for name, mark in ("json", b""), ("jsonb", b"\x01"):
        schema, encoder, decoder, form = registered[name]
        assert (schema, form) == ("pg_catalog", "binary")
        assert encoder(PLAIN) == mark + cyjson.encode(PLAIN)
        assert decoder(encoder(PLAIN)) == PLAIN
    with pytest.raises(ValueError, match="version 2"):
        registered["jsonb"][2](b"\x02{}")


def test_redis():
    """The commands it sends, without a server."""
    (redis,) = needs("redis")

    class Client(redis.Redis):
        def execute_command(self, *arguments, **options):
            sent.append(arguments)
            return self.response_callbacks.get(arguments[0], lambda answer, **_: answer)(json.dumps(PLAIN), **options)

    told = []
    for make in lambda client: client.json(), ours("redis").json:
        sent = []
        commands = make(Client())
        commands.set("key", "$", PLAIN)
        told.append((sent, commands._decode(json.dumps(PLAIN)), commands._decode("not JSON")))
    assert told[0] == told[1]
    assert json.loads(told[0][0][0][-1]) == PLAIN


TASK = """
import datetime, decimal, sys, uuid
from celery import Celery
app = Celery("tests", broker="memory://", backend="cache+memory://")
app.conf.update(worker_hijack_root_logger=False, broker_connection_retry_on_startup=False)
ran = sys.argv[1] == "with"
import cyjson
if ran:
    from cyjson.integrations import kombu
    kombu.register()
import kombu.serialization, kombu.utils.json
bodies = []
original = kombu.serialization.dumps
def noted(data, serializer=None):
    made = original(data, serializer)
    bodies.append(made)
    return made
import kombu.messaging
kombu.messaging.dumps = noted
@app.task
def work(value, **others):
    assert type(value["when"]) is datetime.datetime and type(value["price"]) is decimal.Decimal, value
    return {"got": value, **others}
from celery.contrib.testing.worker import start_worker
value = {"when": datetime.datetime(2024, 2, 29, 12, tzinfo=datetime.timezone.utc), "price": decimal.Decimal("1.50"),
         "uuid": uuid.UUID(int=7), "text": "\\u00e9", "items": [1.5, None]}
with start_worker(app, perform_ping_check=False, loglevel="ERROR"):
    result = work.apply_async((value,), {"more": [1, {}]}, task_id="1").get(timeout=30)
assert result == {"got": value, "more": [1, {}]}, result
body = next(body for kind, encoding, body in bodies if "1.50" in body)
print(body)
used = kombu.serialization.registry._encoders["json"].encoder
print(getattr(used, "keywords", {}).get("_dumps") is cyjson.dumps, file=sys.stderr)
"""


def test_celery():
    """A task through a worker, with kombu's transport in memory; each in a process."""
    needs("celery")
    told = []
    for way in "with", "without":
        command = [sys.executable, "-c", TASK, way]
        environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
        ran = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment)
        assert ran.returncode == 0, ran.stderr
        assert ran.stderr.splitlines()[-1] == str(way == "with")
        told.append(ran.stdout)
    assert told[0] == told[1] != ""


def test_kombu_under_another_name():
    (kombu,) = needs("kombu")
    import kombu.serialization as serialization

    ours("kombu").register("cyjson")
    kind, encoding, body = serialization.dumps(SPECIAL, "cyjson")
    assert (kind, encoding) == ("application/x-cyjson", "utf-8")
    assert body == serialization.dumps(SPECIAL, "json")[2]
    assert serialization.loads(body, kind, encoding, accept=[kind]) == SPECIAL
    serialization.unregister("cyjson")


# Logs


def test_structlog():
    needs("structlog")
    import structlog

    class Odd:
        def __repr__(self):
            return "odd"

    module = ours("structlog")
    event = {"event": "x", "value": PLAIN, "odd": Odd()}
    expected = structlog.processors.JSONRenderer(sort_keys=True)(None, "info", dict(event))
    assert module.JSONRenderer(sort_keys=True)(None, "info", dict(event)) == expected
    written = module.JSONBytesRenderer(sort_keys=True)(None, "info", dict(event))
    assert type(written) is bytes
    assert json.loads(written) == json.loads(expected)
    assert module.JSONRenderer(default=lambda o: "mine")(None, "info", {"odd": Odd()}) == '{"odd": "mine"}'


def test_python_json_logger():
    needs("pythonjsonlogger")
    from pythonjsonlogger.json import JsonFormatter

    def told(kind, **options):
        file = io.StringIO()
        handler = logging.StreamHandler(file)
        handler.setFormatter(kind("{message}{levelname}", style="{", **options))
        logger = logging.Logger("tests")
        logger.addHandler(handler)
        logger.warning("é", extra={"value": SPECIAL, "kind": int, "bytes": b"\xff"})
        try:
            1 / 0  # noqa: B018
        except ZeroDivisionError:
            logger.exception("failed")
        return file.getvalue()

    for options in {}, {"json_indent": 1}, {"json_ensure_ascii": False}, {"json_default": str}:
        assert told(ours("pythonjsonlogger").JsonFormatter, **options) == told(JsonFormatter, **options)


# Clients


@pytest.mark.parametrize("bulk", [False, True])
def test_elasticsearch(bulk):
    needs("elasticsearch")
    from elasticsearch.serializer import DEFAULT_SERIALIZERS

    made = ours("elasticsearch").serializers()
    value = {**SPECIAL, "text": "é\ud800"}
    for mimetype, serializer in made.items():
        if ("ndjson" in mimetype) is not bulk:
            continue
        theirs = DEFAULT_SERIALIZERS[mimetype]
        for each in [value, PLAIN] if bulk else (value, PLAIN, "text", b"bytes"):
            argument = [each, "text", b"bytes"] if bulk else each
            assert serializer.dumps(argument) == theirs.dumps(argument)
        data = theirs.dumps([PLAIN, {}] if bulk else PLAIN)
        assert serializer.loads(data) == theirs.loads(data)
        assert not bulk or len(serializer.loads(data)) == 2
        for wrong in b"[1,]", b"\xff":
            with pytest.raises(Exception) as expected:
                theirs.loads(wrong)
            with pytest.raises(expected.type):
                serializer.loads(wrong)
    assert len(made) == 4 and set(made) <= set(DEFAULT_SERIALIZERS)


def test_elasticsearch_client():
    (elasticsearch,) = needs("elasticsearch")

    def app(environ, start_response):
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        seen.append((environ["CONTENT_TYPE"], body))
        start_response("200 OK", [("Content-Type", "application/json"), ("X-Elastic-Product", "Elasticsearch")])
        return [b'{"took": 1, "errors": false, "items": []}']

    told = []
    for options in {}, {"serializers": ours("elasticsearch").serializers()}:
        seen = []

        def use(url, options=options):
            with elasticsearch.Elasticsearch(url, **options) as client:
                client.index(index="i", id="1", document=SPECIAL)
                return client.bulk(operations=[{"index": {"_index": "i"}}, PLAIN])["took"]

        assert served_by_wsgi(app, use) == 1
        told.append(seen)
    assert told[0] == told[1] and len(told[0]) == 2


def test_opensearch():
    needs("opensearchpy")
    from opensearchpy.exceptions import SerializationError
    from opensearchpy.serializer import JSONSerializer

    mine, theirs = ours("opensearch").JSONSerializer(), JSONSerializer()
    # Its own writes Decimal in another way where there is simplejson, which it prefers.
    for value in {**SPECIAL, "price": 1}, PLAIN, "text", [1.5]:
        assert mine.dumps(value) == theirs.dumps(value)
    assert mine.loads('{"a": [1]}') == {"a": [1]}
    for each in mine, theirs:
        with pytest.raises(SerializationError):
            each.loads("[1,]")
        with pytest.raises(SerializationError):
            each.dumps([1j])


def test_jupyter():
    needs("jupyter_client")
    from jupyter_client.session import Session, json_packer, json_unpacker

    module = ours("jupyter")
    for value in PLAIN, {"when": WHEN, "data": b"bytes"}, ["\udcff"]:
        assert module.pack(value) == json_packer(value)
    for data in json.dumps(PLAIN).encode(), json.dumps(PLAIN), b'"\xff"':
        assert module.unpack(data) == json_unpacker(data)
    with pytest.warns(UserWarning, match="serialization failed"):
        assert module.pack([float("nan")]) == b'["nan"]'
    session = Session(
        packer="cyjson.integrations.jupyter.pack", unpacker="cyjson.integrations.jupyter.unpack", key=b"key"
    )
    assert session.pack is module.pack
    message = session.msg("execute_request", {"code": "é"})
    parts = session.serialize(message)
    assert session.deserialize(session.feed_identities(parts)[1])["content"] == {"code": "é"}


def test_kafka():
    module = ours("kafka")
    assert module.serialize(PLAIN) == cyjson.encode(PLAIN)
    assert module.deserialize(module.serialize(PLAIN)) == PLAIN
    assert module.serialize(None) is module.deserialize(None) is None
    needs("kafka")
    from kafka.serializer import Deserializer, JsonSerializer, Serializer

    serializer = module.serializer()
    assert isinstance(serializer, Serializer) and isinstance(serializer, Deserializer)
    assert serializer.serialize("topic", [], PLAIN) == cyjson.encode(PLAIN)
    theirs = JsonSerializer().serialize("topic", [], PLAIN)
    assert serializer.deserialize("topic", [], theirs) == JsonSerializer().deserialize("topic", [], theirs) == PLAIN
    assert serializer.serialize("topic", [], None) is None


# What has no plug


@pytest.mark.skipif(cyjson.backend != "c", reason="about install(), which does nothing in the fallback")
@pytest.mark.parametrize("package", ["requests", "httpx", "botocore"])
def test_by_install(package):
    (module,) = needs(package)
    if package == "requests" and module.compat.has_simplejson:
        pytest.skip("requests prefers simplejson, which is here")

    def app(environ, start_response):
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        start_response("200 OK", [("Content-Type", "application/json")])
        return [body or b'{"a": [1, "\xc3\xa9"]}']

    def use(url):
        if package == "botocore":
            from botocore.parsers import RestJSONParser
            from botocore.serialize import JSONSerializer

            body = b'{"Name": "\xc3\xa9"}'
            return RestJSONParser()._parse_body_as_json(body), JSONSerializer().__class__.__name__
        answers = [module.post(url, json=PLAIN), module.get(url), module.post(url, content=b"[1,]")
                   if package == "httpx" else module.post(url, data=b"[1,]")]  # fmt: skip
        try:
            answers[2].json()
        except ValueError as error:
            told = type(error).__name__, str(error)
        return [answer.content for answer in answers], [answer.json() for answer in answers[:2]], told

    theirs = served_by_wsgi(app, use)
    with cyjson.install():
        seen = []
        sys.setprofile(lambda frame, event, argument: seen.append(argument) if event == "c_call" else None)
        try:
            assert served_by_wsgi(app, use) == theirs
        finally:
            sys.setprofile(None)
        assert any(getattr(each, "__self__", None) is json.loads.__self__ for each in seen)
