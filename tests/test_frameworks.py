"""The encoders of Django, kombu and Flask: json's output, and on the fast path.

That it is the fast path is shown by taking json's own encoders away: nothing of json may be called for it to work.
"""

import datetime
import decimal
import json
import uuid

import pytest
from support.compare import native_only

import cyjson


class Away(BaseException):
    """So that nobody catches it by chance."""


@pytest.fixture
def without_json(monkeypatch):
    """json's encoders raise; gives a function that says what json gave before."""

    def away(*args, **kwargs):
        raise Away

    def take_away():
        # Not the methods of json.JSONEncoder: with those exchanged, every subclass would count as overriding them.
        monkeypatch.setattr(json.encoder, "c_make_encoder", away)
        monkeypatch.setattr(json.encoder, "_make_iterencode", away)
        with pytest.raises(Away):
            json.JSONEncoder().encode([1])

    return take_away


def document(*special):
    return {"id": 1, "text": "é\n中😀", "items": [1.5, None, True, {"nested": list(special)}], "last": special[0]}


WHEN = datetime.datetime(2024, 2, 29, 12, 30, 15, 123456, tzinfo=datetime.timezone.utc)
OPTIONS = [
    {},
    {"indent": 2},
    {"sort_keys": True, "separators": (",", ":")},
    {"ensure_ascii": False, "allow_nan": False},
]


def check(value, encoder, take_away):
    expected = [json.dumps(value, cls=encoder, **options) for options in OPTIONS]
    assert [cyjson.dumps(value, cls=encoder, **options) for options in OPTIONS] == expected
    as_bytes = json.dumps(value, cls=encoder, ensure_ascii=False, separators=(",", ":")).encode()
    assert cyjson.encode(value, cls=encoder) == as_bytes
    if cyjson.backend == "c":
        take_away()
        assert [cyjson.dumps(value, cls=encoder, **options) for options in OPTIONS] == expected
        assert cyjson.encode(value, cls=encoder) == as_bytes


def test_django(without_json):
    conf = pytest.importorskip("django.conf")
    if not conf.settings.configured:
        conf.settings.configure(USE_TZ=True)
    from django.core.serializers.json import DjangoJSONEncoder
    from django.utils.functional import lazystr

    value = document(
        WHEN,
        WHEN.date(),
        datetime.time(1, 2),
        datetime.timedelta(1, 2, 3),
        lazystr("é"),
        decimal.Decimal("1.50"),
        uuid.UUID(int=7),
    )
    check(value, DjangoJSONEncoder, without_json)


def test_kombu_encoder(without_json):
    kombu_json = pytest.importorskip("kombu.utils.json")
    value = document(WHEN, WHEN.date(), decimal.Decimal("1.50"), uuid.UUID(int=7))
    check(value, kombu_json.JSONEncoder, without_json)


def test_kombu_functions(without_json):
    """kombu's dumps and loads take json's functions as arguments: a task message goes there and back."""
    kombu_json = pytest.importorskip("kombu.utils.json")
    message = {"args": [WHEN, b"\xff\x00", uuid.UUID(int=7), decimal.Decimal("0.1")], "kwargs": {"é": [1, None]}}
    text = kombu_json.dumps(message)
    assert kombu_json.dumps(message, _dumps=cyjson.dumps) == text
    assert kombu_json.loads(text, _loads=cyjson.loads) == kombu_json.loads(text) == message
    assert kombu_json.loads(text.encode(), _loads=cyjson.loads) == message
    if cyjson.backend == "c":
        without_json()
        assert kombu_json.dumps(message, _dumps=cyjson.dumps) == text


def flask_provider():
    flask = pytest.importorskip("flask")
    from flask.json.provider import DefaultJSONProvider

    return DefaultJSONProvider(flask.Flask("tests"))


def test_flask_default(without_json):
    """Flask's provider hands its default to dumps as an argument."""
    provider = flask_provider()
    value = document(WHEN, WHEN.date(), decimal.Decimal("1.50"), uuid.UUID(int=7))
    expected = json.dumps(value, default=provider.default)
    assert cyjson.dumps(value, default=provider.default) == expected
    if cyjson.backend == "c":
        without_json()
        assert cyjson.dumps(value, default=provider.default) == expected


def test_flask_module_swapped(without_json, monkeypatch):
    provider = flask_provider()
    import flask.json.provider as module

    value = document(WHEN, uuid.UUID(int=7))
    expected = provider.dumps(value), provider.dumps(value, indent=2, sort_keys=False)
    result = provider.loads(expected[0]), provider.loads(expected[1].encode())
    monkeypatch.setattr(module, "json", cyjson)
    if cyjson.backend == "c":
        without_json()
    assert (provider.dumps(value), provider.dumps(value, indent=2, sort_keys=False)) == expected
    assert (provider.loads(expected[0]), provider.loads(expected[1].encode())) == result


@native_only
@pytest.mark.parametrize("base", [json.JSONEncoder, cyjson.JSONEncoder], ids=["json", "cyjson"])
def test_rule_of_the_fast_path(base, without_json, monkeypatch):
    """Neither encode nor iterencode overridden is fast, whatever else is; overriding one is honoured."""

    class Fast(base):
        item_separator = ";"

        def __init__(self, **options):
            super().__init__(**options)
            self.sort_keys = True

        def default(self, o):
            return [str(o)]

    class Encode(base):
        def encode(self, o):
            return "encode"

    class Iterencode(base):
        def iterencode(self, o, _one_shot=False):
            return ["iter", "encode"]

    without_json()
    assert cyjson.dumps({"b": 1, "a": 2j}, cls=Fast) == '{"a": ["2j"];"b": 1}'
    assert cyjson.dumps(1, cls=Encode) == "encode"
    if base is cyjson.JSONEncoder:
        assert Fast().encode({"b": 1, "a": 2j}) == '{"a": ["2j"];"b": 1}'
    monkeypatch.undo()
    assert cyjson.dumps(1, cls=Iterencode) == "iterencode"


@native_only
def test_everyday_calls_need_nothing_of_json(without_json):
    without_json()
    assert cyjson.dumps([1, "é", {}]) == '[1, "\\u00e9", {}]'
    assert cyjson.dumps([1], indent=2, sort_keys=True, default=str, skipkeys=True) == "[\n  1\n]"
    assert cyjson.JSONEncoder(indent="\t").encode([1]) == "[\n\t1\n]"
    assert cyjson.encode({"é": 1.5}) == '{"é":1.5}'.encode()
