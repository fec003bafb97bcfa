"""cyjson.integrations: each with the real package, with and without it the same bytes. `make integrations` runs them.

Requests are real: servers on loopback, in threads of this process.
"""

import ast
import asyncio
import dataclasses
import datetime
import decimal
import importlib
import json
import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any, Literal, Optional

import pytest
from support.apps import BODIES, PLAIN, SOURCE, SPECIAL, asked, fetch, needs, ours, served_by_uvicorn, served_by_wsgi

import cyjson

pytestmark = pytest.mark.thread_unsafe

FOLDER = Path(cyjson.__file__).parent / "integrations"


def test_none_is_imported_unasked():
    program = (
        "import cyjson, cyjson.integrations, sys; print([name for name in sys.modules if 'integrations.' in name])"
    )
    command = [sys.executable, "-c", program]
    ran = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(SOURCE)})
    assert (ran.stdout, ran.stderr) == ("[]\n", "")


def test_each_has_a_stub_and_a_recipe():
    modules = {path.stem for path in FOLDER.glob("*.py")} - {"__init__"}
    assert modules == {path.stem for path in FOLDER.glob("*.pyi")} - {"__init__"}
    assert len(modules) >= 21
    page = Path(__file__).parents[1] / "docs" / "frameworks.md"
    if page.exists():
        text = page.read_text(encoding="utf-8")
        assert [name for name in sorted(modules) if f"cyjson.integrations.{name}" not in text
                and f"cyjson.integrations import {name}" not in text] == []  # fmt: skip
    for name in modules:
        assert ours_doc(name), name


def ours_doc(name):
    """Its docstring, without an import."""
    return ast.get_docstring(ast.parse((FOLDER / f"{name}.py").read_text(encoding="utf-8")))


# Servers


@pytest.mark.parametrize("debug", [False, True])
def test_flask(debug):
    (flask,) = needs("flask")

    def app(provider=None):
        made = flask.Flask("tests")
        made.debug = debug
        if provider is not None:
            made.json = provider(made)

        @made.get("/document")
        def document():
            return flask.jsonify(SPECIAL)

        @made.post("/echo")
        def echo():
            return flask.jsonify(flask.request.get_json())

        return made

    assert served_by_wsgi(app(ours("flask").JSONProvider), asked) == served_by_wsgi(app(), asked)
    assert type(app(ours("quart").JSONProvider).json) is ours("flask").JSONProvider


def test_quart():
    (quart,) = needs("quart")

    def app(provider=None):
        made = quart.Quart("tests")
        if provider is not None:
            made.json = provider(made)

        @made.get("/document")
        async def document():
            return quart.jsonify(SPECIAL)

        @made.post("/echo")
        async def echo():
            return quart.jsonify(await quart.request.get_json())

        return made

    assert served_by_uvicorn(app(ours("quart").JSONProvider), asked) == served_by_uvicorn(app(), asked)


@pytest.fixture(scope="module")
def django():
    (conf,) = needs("django.conf")
    if not conf.settings.configured:
        conf.settings.configure(USE_TZ=True)
    import django
    from django.conf import settings

    settings.ALLOWED_HOSTS = ["*"]
    settings.ROOT_URLCONF = "django_urls_of_tests"
    settings.INSTALLED_APPS = []
    settings.DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
    settings.LOGGING_CONFIG = None
    django.setup()
    logging.getLogger("django.request").setLevel(logging.CRITICAL)
    return django


def django_app(patterns):
    """An application of these URLs, anew."""
    from django.core.handlers.wsgi import WSGIHandler
    from django.urls import clear_url_caches, set_urlconf

    sys.modules["django_urls_of_tests"] = type(sys)("django_urls_of_tests")
    sys.modules["django_urls_of_tests"].urlpatterns = patterns
    clear_url_caches()
    set_urlconf(None)
    return WSGIHandler()


def test_django(django):
    from django.http import JsonResponse
    from django.urls import path
    from django.utils.functional import lazystr

    value = {**SPECIAL, "lazy": lazystr("é"), "span": datetime.timedelta(1, 2, 3)}

    def patterns(response):
        def echo(request):
            return response(json.loads(request.body), safe=False, json_dumps_params={"indent": 1})

        return [path("document", lambda request: response(value)), path("echo", echo)]

    def use(url):
        return [fetch(url + "/document"), fetch(url + "/echo", BODIES[0]), fetch(url + "/echo", BODIES[1])]

    theirs = served_by_wsgi(django_app(patterns(JsonResponse)), use)
    assert served_by_wsgi(django_app(patterns(ours("django").JsonResponse)), use) == theirs
    assert theirs[0][0] == 200


def test_django_json_field(django):
    """Written and read in a table of SQLite."""
    from django.db import connection, models

    module = ours("django")

    class Plain(models.Model):
        value = models.JSONField(encoder=module.DjangoJSONEncoder)

        class Meta:
            app_label = "tests_plain"

    class Fast(models.Model):
        value = models.JSONField(encoder=module.JSONEncoder, decoder=module.JSONDecoder)

        class Meta:
            app_label = "tests_fast"

    raw = []
    for model in Plain, Fast:
        with connection.schema_editor() as editor:
            editor.create_model(model)
        model.objects.create(value=SPECIAL)
        with connection.cursor() as cursor:
            cursor.execute(f"select value from {model._meta.db_table}")
            raw.append(cursor.fetchone())
        assert model.objects.get().value == json.loads(raw[-1][0])
    assert raw[0] == raw[1]


@pytest.mark.parametrize("indent", ["", "; indent=4"])
def test_rest_framework(django, indent):
    needs("rest_framework")
    from django.conf import settings
    from django.urls import path

    settings.REST_FRAMEWORK = {"UNAUTHENTICATED_USER": None, "DEFAULT_AUTHENTICATION_CLASSES": []}
    from rest_framework import parsers, renderers
    from rest_framework.response import Response
    from rest_framework.views import APIView

    module = ours("rest_framework")

    def patterns(renderer, parser):
        class View(APIView):
            renderer_classes = [renderer]
            parser_classes = [parser]
            permission_classes = []

            def get(self, request):
                return Response({**SPECIAL, "id": 1})

            def post(self, request):
                return Response(request.data)

        return [path("document", View.as_view()), path("echo", View.as_view())]

    def use(url):
        accept = {"Accept": f"application/json{indent}"}
        return [fetch(url + "/document", **accept)] + [fetch(url + "/echo", body, **accept) for body in BODIES]

    theirs = served_by_wsgi(django_app(patterns(renderers.JSONRenderer, parsers.JSONParser)), use)
    assert served_by_wsgi(django_app(patterns(module.JSONRenderer, module.JSONParser)), use) == theirs
    assert [status for status, _, _ in theirs[:4]] == [200, 200, 200, 400]
    assert b"\\u2028" in theirs[0][2]


def test_starlette():
    needs("starlette")
    from starlette.responses import JSONResponse

    for value in PLAIN, [], "é", None, 1.5, {"a": {"b": ()}}:
        assert ours("starlette").JSONResponse(value).body == JSONResponse(value).body
    for value in [float("nan")], ["\ud800"], [1j], {(1,): 1}:
        for kind in JSONResponse, ours("starlette").JSONResponse:
            with pytest.raises((ValueError, TypeError)):
                kind(value)


def test_fastapi():
    (fastapi,) = needs("fastapi")
    from starlette.responses import JSONResponse

    def app(kind):
        made = fastapi.FastAPI(default_response_class=kind)

        @made.get("/document")
        def document():
            return SPECIAL

        @made.post("/echo")
        async def echo(request: fastapi.Request):
            try:
                return await request.json()
            except ValueError as error:
                raise fastapi.HTTPException(400, str(error)) from error

        return made

    # The routes' arguments are looked up among this module's names.
    globals()["fastapi"] = fastapi
    bodies = BODIES[:]
    try:
        BODIES.remove(b'{"a": NaN}')  # which this response class refuses to write
        BODIES.remove(b"1" * 5000)
        theirs = served_by_uvicorn(app(JSONResponse), asked)
        assert served_by_uvicorn(app(ours("fastapi").JSONResponse), asked) == theirs
        if cyjson.backend == "c":
            with cyjson.install():
                assert served_by_uvicorn(app(ours("fastapi").JSONResponse), asked) == theirs
    finally:
        BODIES[:] = bodies
        del globals()["fastapi"]


@dataclasses.dataclass
class Line:
    name: str
    price: decimal.Decimal


@dataclasses.dataclass
class Order:
    id: int
    lines: list[Line]
    when: datetime.date | None = None
    more: dict[str, int] = dataclasses.field(default_factory=dict)
    part_of: Optional["Order"] = None

    def __post_init__(self):
        if self.id < 0:
            raise ValueError("no such order")


def test_fastapi_bodies():
    """Those of a type by Body, as FastAPI's own: the same status, and the same places of errors."""
    (fastapi,) = needs("fastapi")
    module = ours("fastapi")
    app = fastapi.FastAPI()

    @app.post("/theirs")
    async def theirs(order: Order):
        return dataclasses.asdict(order)

    @app.post("/ours", openapi_extra=module.openapi(Order))
    async def made(order: module.Body[Order]):
        assert type(order) is Order
        return dataclasses.asdict(order)

    @app.post("/renamed")
    def renamed(order: Annotated[Order, fastapi.Depends(module.body(cyjson.Codec(Order, rename="camel")))], q: int = 0):
        return [order.part_of.id, q]

    good = b'{"id": 1, "lines": [{"name": "\xc3\xa9", "price": "1.50"}], "when": "2026-11-29", "part_of": null}'
    bad = b'{"lines": [{"name": 1, "price": "1.50"}, {"name": "a"}, 2], "when": 3, "more": {"a-b": "x", "c[0].d": ""}}'
    invalid = [b'{"id": 1,}', b"", b'"', b"[1]", bad, b'{"id": -1, "lines": []}', b'{"id": 1, "lines": [{}]}']

    def use(url):
        assert fetch(url + "/ours", good) == fetch(url + "/theirs", good)
        status, kind, body = fetch(url + "/ours", good)
        assert (status, json.loads(body)["lines"]) == (200, [{"name": "é", "price": 1.5}])
        for body in invalid:
            found, expected = fetch(url + "/ours", body), fetch(url + "/theirs", body)
            assert found[:2] == expected[:2] == (422, "application/json"), body
            details = [json.loads(answer[2])["detail"] for answer in (found, expected)]
            places = [sorted((each["loc"] for each in detail), key=str) for detail in details]
            assert places[0] == places[1], body
            missing = [[each["loc"] for each in detail if each["type"] == "missing"] for detail in details]
            assert sorted(missing[0]) == sorted(missing[1]), body
            assert all(each["msg"] for each in details[0])
            if body in (b'{"id": 1,}', b'"'):
                assert details[0] == details[1]
        for body in b"\xff", b"[" * 200000:
            assert fetch(url + "/ours", body)[::2] == (400, b'{"detail":"There was an error parsing the body"}')
        for kind, status in ("text/plain", 422), ("application/x+JSON; charset=utf-8", 200), ("jsonp", 422):
            headers = {"Content-Type": kind}
            assert fetch(url + "/ours", good, **headers)[0] == fetch(url + "/theirs", good, **headers)[0] == status
        nested = b'{"id": 1, "lines": [], "partOf": {"id": 2, "lines": []}}'
        assert fetch(url + "/renamed?q=5", nested)[::2] == (200, b"[2,5]")
        assert fetch(url + "/renamed", b'{"id": 1, "lines": [], "partOf": {"id": 2}}')[0] == 422
        described = json.loads(fetch(url + "/openapi.json")[2])["paths"]["/ours"]["post"]["requestBody"]
        assert described["required"] is True
        return described["content"]["application/json"]["schema"]

    schema = served_by_uvicorn(app, use)
    assert schema["properties"]["lines"]["items"]["properties"]["name"] == {"type": "string"}
    assert schema["required"] == ["id", "lines"]
    assert "$ref" not in json.dumps(schema)


def test_fastapi_schemas():
    """References are written out, and only references."""
    needs("fastapi")

    @dataclasses.dataclass
    class Inner:
        default: Literal["$ref", "const"] = "const"

    @dataclasses.dataclass
    class Outer:
        properties: Inner
        default: list[Inner]
        enum: dict[str, Any] = dataclasses.field(default_factory=lambda: {"$ref": "#/$defs/Inner"})

    schema = ours("fastapi").openapi(Outer)["requestBody"]["content"]["application/json"]["schema"]
    inner = schema["properties"]["properties"]
    assert inner["properties"]["default"]["enum"] == ["$ref", "const"]
    assert schema["properties"]["default"]["items"] == inner
    assert schema["required"] == ["properties", "default"]


def test_aiohttp():
    (aiohttp,) = needs("aiohttp")
    from aiohttp import web

    module = ours("aiohttp")

    async def run(respond, read, session):
        async def document(request):
            return respond(PLAIN)

        async def echo(request):
            try:
                return respond({"echo": await read(request)})
            except (ValueError, UnicodeDecodeError) as error:
                return respond({"error": str(error)}, status=400)

        async def raw(request):
            return web.Response(body=await request.read())

        app = web.Application()
        app.add_routes([web.get("/document", document), web.post("/echo", echo), web.post("/raw", raw)])
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        told = []
        try:
            async with session() as client:
                async with client.get(url + "/document") as answer:
                    told.append((answer.status, answer.content_type, await answer.read(), await read(answer)))
                for body in BODIES:
                    async with client.post(url + "/echo", data=body) as answer:
                        told.append((answer.status, answer.content_type, await answer.read()))
                async with client.post(url + "/raw", json=PLAIN) as answer:
                    told.append(await answer.read())
        finally:
            await runner.cleanup()
        return told

    async def their_read(message):
        return await message.json()

    theirs = asyncio.run(run(web.json_response, their_read, aiohttp.ClientSession))
    assert asyncio.run(run(module.json_response, module.read, module.session)) == theirs
    assert theirs[-1] == json.dumps(PLAIN).encode()
    compact = asyncio.run(run(module.json_bytes_response, module.read, module.session_of_bytes))
    assert compact[-1] == compact[0][2] == cyjson.encode(PLAIN)
    valid = [1 + index for index, body in enumerate(BODIES) if b"NaN" not in body]  # which encode refuses to write
    assert [compact[index][:2] for index in valid] == [theirs[index][:2] for index in valid]
    assert compact[0][3] == theirs[0][3]


def test_litestar():
    (litestar,) = needs("litestar")
    from dataclasses import dataclass

    @dataclass
    class Point:
        x: int
        y: float

    def app(kind):
        @litestar.get("/document", response_class=kind, sync_to_thread=False)
        def document() -> dict:
            return {**SPECIAL, "point": Point(1, 2.5), "price": 1}

        @litestar.get("/nan", response_class=kind, sync_to_thread=False)
        def nan() -> list:
            return [float("nan")]

        @litestar.get("/text", response_class=kind, sync_to_thread=False)
        def text() -> str:
            return "é"

        return litestar.Litestar([document, nan, text], openapi_config=None)

    def use(url):
        return [fetch(url + "/" + name) for name in ("document", "nan", "text", "missing")]

    theirs = served_by_uvicorn(app(litestar.Response), use)
    assert served_by_uvicorn(app(ours("litestar").JSONResponse), use) == theirs
    assert theirs[0][0] == 200


def test_sanic():
    """Its own test of JSON without ujson, which it prefers: the plain functions."""
    (sanic,) = needs("sanic")
    from sanic.response import json as respond

    module = ours("sanic")
    expected = json.dumps(PLAIN, separators=(",", ":")).encode()
    assert respond(PLAIN, dumps=module.dumps).body == expected
    app = sanic.Sanic("tests_of_cyjson", dumps=module.dumps, loads=module.loads)
    assert app.name == "tests_of_cyjson"
    assert respond(PLAIN).body == expected
    sanic.HTTPResponse._dumps = staticmethod(importlib.import_module("sanic.helpers").json_dumps)


def test_falcon():
    needs("falcon")
    import falcon.media

    def app(handler):
        class Document:
            def on_get(self, request, response):
                response.media = PLAIN

            def on_post(self, request, response):
                response.media = request.get_media()

        made = falcon.App()
        made.req_options.media_handlers[falcon.MEDIA_JSON] = handler
        made.resp_options.media_handlers[falcon.MEDIA_JSON] = handler
        made.add_route("/document", Document())
        made.add_route("/echo", Document())
        return made

    def use(url):
        bodies = [body for body in BODIES if not body.startswith((b"\xff", b"11"))]  # which end as errors of the server
        return [fetch(url + "/document")] + [fetch(url + "/echo", body) for body in bodies]

    module = ours("falcon")
    theirs = served_by_wsgi(app(falcon.media.JSONHandler()), use)
    assert served_by_wsgi(app(module.JSONHandler()), use) == theirs
    assert theirs[0][0] == 200
    assert module.JSONHandlerWS().serialize(PLAIN) == falcon.media.JSONHandlerWS().serialize(PLAIN)
    assert module.JSONHandlerWS().deserialize("[1]") == [1]
