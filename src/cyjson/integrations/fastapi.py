"""FastAPI: ``FastAPI(default_response_class=JSONResponse)``, or ``response_class=JSONResponse`` for a route; and bodies
of requests by ``cyjson.decode``: ``order: Body[Order]``.

A route with a return type is written by pydantic, fast, unless it has a response class of its own: leave those alone.
"""

import re
from ast import literal_eval
from typing import Annotated

from fastapi import Depends, HTTPException, Request
from fastapi.exceptions import RequestValidationError

from cyjson import Codec, JSONDecodeError, ValidationError, loads

from .starlette import JSONResponse

__all__ = ["Body", "JSONResponse", "body", "openapi"]

_PART = re.compile(r"""\.([^.\[]+)|\[(\d+|'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")\]""")
_MISSING = re.compile('missing member (".*[^…]")')


class Body:
    """``order: Body[Order]``: a parameter that is the request's body, decoded by ``cyjson.decode`` as an Order.

    Whatever ``decode`` makes: dataclasses, attrs and msgspec classes, TypedDicts, unions, lists of them, without
    pydantic. What isn't of the type is answered as FastAPI answers it: status 422, with the place of each mismatch.
    """

    def __class_getitem__(cls, type):
        return Annotated[type, Depends(body(type))]


def body(type):
    """Return a dependency that decodes the request's body as a type, or by a Codec, whose rules count:
    ``order: Annotated[Order, Depends(body(Codec(Order, rename="camel")))]``.
    """
    codec = type if isinstance(type, Codec) else Codec(type)

    async def decoded(request: Request):
        data = await request.body()
        if not data:
            raise _refusal("missing", (), "Field required")
        if not _is_json(request.headers.get("content-type", "")):
            raise _refusal("value_error", (), "Content-Type isn't application/json")
        try:
            return codec.decode(data)
        except ValidationError as error:
            raise RequestValidationError([*map(_mismatch, error.errors)], body=error.doc) from error
        except JSONDecodeError as error:
            raise _refusal("json_invalid", (error.pos,), "JSON decode error", {"error": error.msg}) from error
        except (RecursionError, ValueError) as error:  # too deep; not UTF-8; an int of too many digits
            raise HTTPException(400, "There was an error parsing the body") from error

    return decoded


def openapi(type):
    """Return what describes the body in OpenAPI, by the type's JSON Schema: ``@app.post(…, openapi_extra=openapi(T))``.

    Definitions are written out where they are used: a class within itself is any value there.
    """
    schema = (type if isinstance(type, Codec) else Codec(type)).schema()
    del schema["$schema"]
    written = _written_out(schema, schema.pop("$defs", {}), ())
    return {"requestBody": {"content": {"application/json": {"schema": written}}, "required": True}}


def _is_json(content_type):
    """Whether FastAPI takes a body of this type as JSON."""
    kind, _, subtype = content_type.partition(";")[0].strip().lower().partition("/")
    return kind == "application" and (subtype == "json" or subtype.endswith("+json"))


def _refusal(kind, place, message, context=None):
    error = {"type": kind, "loc": ("body", *place), "msg": message}
    return RequestValidationError([error if context is None else {**error, "input": {}, "ctx": context}])


def _mismatch(each):
    """A Mismatch as one of FastAPI's errors: a member that is missing has a place of its own there."""
    place = [part[1] or literal_eval(part[2]) for part in _PART.finditer(each.path)]
    missing = _MISSING.fullmatch(each.message)
    if missing:
        place.append(loads(missing[1]))
    return {
        "type": "missing" if missing else "value_error",
        "loc": ("body", *place),
        "msg": "Field required" if missing else each.message,
        "ctx": {"pos": each.pos, "lineno": each.lineno, "colno": each.colno},
    }


def _written_out(schema, definitions, around):
    """A schema without references; around: the names of the definitions that it is within."""
    if isinstance(schema, list):
        return [_written_out(each, definitions, around) for each in schema]
    if not isinstance(schema, dict):
        return schema
    made = {}
    for key, value in schema.items():
        if key == "$ref":
            name = value.rpartition("/")[2]
            if name not in around:
                made.update(_written_out(definitions[name], definitions, (*around, name)))
        elif key == "properties":
            made[key] = {name: _written_out(each, definitions, around) for name, each in value.items()}
        elif key in ("const", "default", "enum", "examples"):
            made[key] = value
        else:
            made[key] = _written_out(value, definitions, around)
    return made
