"""``json.decoder`` with cyjson's names in place of the standard library's."""

from json import decoder as _stdlib

from ._backend import implementation as _implementation
from ._backend import module as _module
from ._names import named as _named
from ._names import original as _original

_impl, backend = _implementation()

# Whatever the running version's module has: no name can be missing, none can drift.
globals().update((k, _original(v)) for k, v in vars(_stdlib).items() if k == "__all__" or not k.startswith("__"))

scanner = _module("scanner")  # in place of json.scanner
scanstring = _impl.scanstring
if backend == "c":
    from json.decoder import _CONSTANTS, JSONArray, JSONObject

    scanstring.__module__ = __name__  # where pickles should look for it
    c_scanstring = scanstring
    _match = _stdlib.WHITESPACE.match
    _decode_with = _impl.decode_with
    _scanstring = scanstring
    _object = JSONObject
    _named_object = _named(JSONObject, globals())

    # Python, so that subclasses and wrong calls behave in every detail as the standard library's do.
    class JSONDecoder(_stdlib.JSONDecoder):
        """Decodes JSON documents: ``json.JSONDecoder``, with ``array_hook`` on every version.

        The hooks are those of ``loads``. ``strict=False`` allows control characters in strings.
        """

        def __init__(
            self,
            *,
            object_hook=None,
            parse_float=None,
            parse_int=None,
            parse_constant=None,
            strict=True,
            object_pairs_hook=None,
            array_hook=None,
        ):
            # The inherited __init__ would make a scanner of the standard library's as well.
            self.object_hook = object_hook
            self.parse_float = parse_float or float
            self.parse_int = parse_int or int
            self.parse_constant = parse_constant or _CONSTANTS.__getitem__
            self.strict = strict
            self.object_pairs_hook = object_pairs_hook
            self.array_hook = array_hook
            # Which asks for scanstring by itself, for keys: json's own would find that of json's module.
            self.parse_object = JSONObject if scanstring is _scanstring or JSONObject is not _object else _named_object
            self.parse_array = JSONArray
            self.parse_string = scanstring
            self.memo = {}
            self.scan_once = scanner.make_scanner(self)

        def decode(self, s, _w=_match):
            """Return the value of the JSON document ``s`` (str), which may have white space around it.

            Raises JSONDecodeError.
            """
            # Not super(), for self may be anything.
            return _decode_with(self, s) if _w is _match else _stdlib.JSONDecoder.decode(self, s, _w)
else:
    JSONDecoder = _impl.JSONDecoder
