"""Apps served on loopback, values, and packages that may be missing: for the tests of cyjson.integrations."""

import datetime
import decimal
import importlib
import json
import threading
import urllib.error
import urllib.request
import uuid
import wsgiref.simple_server
from pathlib import Path

import pytest

import cyjson

SOURCE = Path(cyjson.__file__).parents[1]
PLAIN = {"id": 1, "text": "é\n中😀\u2028", "items": [1.5, None, True, {"nested": [{}, []]}], "empty": ""}
WHEN = datetime.datetime(2024, 2, 29, 12, 30, 15, 123456, tzinfo=datetime.timezone.utc)
SPECIAL = {**PLAIN, "when": WHEN, "uuid": uuid.UUID(int=7), "price": decimal.Decimal("1.50")}


def needs(*packages):
    """Skip a test where a package isn't there."""
    return [pytest.importorskip(each) for each in packages]


def ours(name):
    return importlib.import_module(f"cyjson.integrations.{name}")


def fetch(url, body=None, **headers):
    """Status, media type and body of a request."""
    headers = {"Content-Type": "application/json", **headers}
    request = urllib.request.Request(url, data=body, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.headers["Content-Type"], answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers["Content-Type"], error.read()


class Quiet(wsgiref.simple_server.WSGIRequestHandler):
    def log_message(self, *arguments):
        pass


def served_by_wsgi(app, use):
    """What ``use(url)`` gives while the app is served."""
    with wsgiref.simple_server.make_server("127.0.0.1", 0, app, handler_class=Quiet) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            return use(f"http://127.0.0.1:{server.server_port}")
        finally:
            server.shutdown()
            thread.join()


def served_by_uvicorn(app, use):
    uvicorn = pytest.importorskip("uvicorn")
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
        port = server.servers[0].sockets[0].getsockname()[1]
        return use(f"http://127.0.0.1:{port}")
    finally:
        server.should_exit = True
        thread.join()


BODIES = [b'{"a": [1, 2.5, "\\u00e9"]}', '["é"]'.encode(), b"[1,]", b"", b"\xff", b'{"a": NaN}', b"1" * 5000]


def asked(url):
    """A page, and each of the bodies echoed or refused."""
    told = [fetch(url + "/document")] + [fetch(url + "/echo", body) for body in BODIES]
    assert told[0][0] == 200 and json.loads(told[0][2])["id"] == 1
    assert told[1][0] == 200 and json.loads(told[1][2]) == {"a": [1, 2.5, "é"]}
    assert told[3][0] >= 400
    return told
