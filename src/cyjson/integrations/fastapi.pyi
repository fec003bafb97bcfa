# pyright: reportMissingImports=false
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypeAlias, TypeVar, overload

from fastapi import Request
from typing_extensions import TypeForm

from cyjson import Codec

from .starlette import JSONResponse as JSONResponse

__all__ = ["Body", "JSONResponse", "body", "openapi"]

_T = TypeVar("_T")

Body: TypeAlias = Annotated[_T, ...]

@overload
def body(type: TypeForm[_T] | Codec[_T]) -> Callable[[Request], Awaitable[_T]]: ...
@overload
def body(type: object) -> Callable[[Request], Awaitable[Any]]: ...
def openapi(type: object) -> dict[str, Any]: ...
