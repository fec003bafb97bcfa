"""orjson's module, for programs that are written to it: ``from cyjson import orjson``.

``loads`` and ``dumps`` take and give what orjson 3.13's do: its options, bytes, limits, refusals and messages. They run
wherever cyjson does: on PyPy, without a GIL, in subinterpreters.
"""

from . import _backend, _orjson_reading
from . import _orjson_values as _values
from ._orjson_reading import JSONDecodeError
from ._orjson_values import Fragment

__version__ = "3.13.0"  # of the orjson whose behaviour this is

JSONEncodeError = TypeError

OPT_APPEND_NEWLINE = _values.APPEND_NEWLINE
OPT_INDENT_2 = _values.INDENT_2
OPT_NAIVE_UTC = _values.NAIVE_UTC
OPT_NON_STR_KEYS = _values.NON_STR_KEYS
OPT_OMIT_MICROSECONDS = _values.OMIT_MICROSECONDS
OPT_PASSTHROUGH_DATACLASS = _values.PASSTHROUGH_DATACLASS
OPT_PASSTHROUGH_DATETIME = _values.PASSTHROUGH_DATETIME
OPT_PASSTHROUGH_SUBCLASS = _values.PASSTHROUGH_SUBCLASS
OPT_SERIALIZE_DATACLASS = 0  # these two are what dumps does anyway
OPT_SERIALIZE_UUID = 0
OPT_SERIALIZE_NUMPY = _values.SERIALIZE_NUMPY
OPT_SORT_KEYS = _values.SORT_KEYS
OPT_STRICT_INTEGER = _values.STRICT_INTEGER
OPT_UTC_Z = _values.UTC_Z

__all__ = (
    "__version__",
    "dumps",
    "Fragment",
    "JSONDecodeError",
    "JSONEncodeError",
    "loads",
    "OPT_APPEND_NEWLINE",
    "OPT_INDENT_2",
    "OPT_NAIVE_UTC",
    "OPT_NON_STR_KEYS",
    "OPT_OMIT_MICROSECONDS",
    "OPT_PASSTHROUGH_DATACLASS",
    "OPT_PASSTHROUGH_DATETIME",
    "OPT_PASSTHROUGH_SUBCLASS",
    "OPT_SERIALIZE_DATACLASS",
    "OPT_SERIALIZE_NUMPY",
    "OPT_SERIALIZE_UUID",
    "OPT_SORT_KEYS",
    "OPT_STRICT_INTEGER",
    "OPT_UTC_Z",
)

_impl, _backend_name = _backend.implementation()
if _backend_name == "c":
    loads, dumps = _impl.orjson_functions(_orjson_reading.explain, _values.FOR_NATIVE)
else:
    from ._orjson_reading import loads
    from ._orjson_writing import dumps

    loads.__module__ = dumps.__module__ = __name__
