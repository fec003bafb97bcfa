from collections.abc import Callable
from re import Pattern
from typing import Any, Protocol

__all__ = ["make_scanner"]

class _Context(Protocol):
    """What a scanner reads off a decoder, once, when it is made."""

    strict: bool
    object_hook: Callable[[dict[str, Any]], Any] | None
    object_pairs_hook: Callable[[list[tuple[str, Any]]], Any] | None
    parse_float: Callable[[str], Any]
    parse_int: Callable[[str], Any]
    parse_constant: Callable[[str], Any]

NUMBER_RE: Pattern[str]

def py_make_scanner(context: Any) -> Callable[[str, int], tuple[Any, int]]: ...

make_scanner: Callable[[_Context], Callable[[str, int], tuple[Any, int]]]
c_make_scanner: Callable[[_Context], Callable[[str, int], tuple[Any, int]]] | None
