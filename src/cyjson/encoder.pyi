import json
from collections.abc import Callable, Iterator
from re import Pattern
from typing import Any, Literal

backend: Literal["c", "python"]
ESCAPE: Pattern[str]
ESCAPE_ASCII: Pattern[str]
ESCAPE_DCT: dict[str, str]
HAS_UTF8: Pattern[bytes]
INFINITY: float

def py_encode_basestring(s: str) -> str: ...
def py_encode_basestring_ascii(s: str) -> str: ...
def encode_basestring(s: str, /) -> str: ...
def encode_basestring_ascii(s: str, /) -> str: ...

c_encode_basestring: Callable[[str], str] | None
c_encode_basestring_ascii: Callable[[str], str] | None
c_make_encoder: Callable[..., Callable[[Any, int], tuple[str, ...]]] | None

class JSONEncoder(json.JSONEncoder):
    def encode(self, o: Any) -> str: ...
    def iterencode(self, o: Any, _one_shot: bool = False) -> Iterator[str]: ...
