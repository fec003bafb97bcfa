"""``json.decoder`` with cyjson's names in place of the standard library's."""

from json import decoder as _stdlib

from . import _impl, backend

# Whatever the running version's module has: no name can be missing, none can drift.
globals().update((k, v) for k, v in vars(_stdlib).items() if k == "__all__" or not k.startswith("__"))

from . import scanner  # noqa: E402, F401  (in place of json.scanner)

scanstring = _impl.scanstring
if backend == "c":
    c_scanstring = scanstring
    _match = _stdlib.WHITESPACE.match
    _raw_decode = _stdlib.JSONDecoder.raw_decode
    _Scanner = _impl.make_scanner

    # Python, so that subclasses and wrong calls behave in every detail as the standard library's do; C goes first in
    # what is called most, where nothing is unusual.
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
            self.parse_constant = parse_constant or _impl.constant
            self.strict = strict
            self.object_pairs_hook = object_pairs_hook
            self.array_hook = array_hook
            self.parse_object = _stdlib.JSONObject
            self.parse_array = _stdlib.JSONArray
            self.parse_string = scanstring
            self.memo = {}
            self.scan_once = scanner.make_scanner(self)

        def decode(self, s, _w=_match):
            """Return the value of the JSON document ``s`` (str), which may have white space around it.

            Raises JSONDecodeError.
            """
            raw_decode = getattr(self, "raw_decode", None)  # asked for first, as json does
            scan_once = getattr(self, "scan_once", None)
            if (
                type(scan_once) is _Scanner
                and type(s) is str
                and _w is _match
                and getattr(raw_decode, "__func__", None) is _raw_decode
                and raw_decode.__self__ is self
            ):
                return scan_once.decode(s)
            return _stdlib.JSONDecoder.decode(self, s, _w)  # not super(), for self may be anything

    JSONDecoder.decode = _impl.decode_method(JSONDecoder.decode)
else:
    JSONDecoder = _impl.JSONDecoder
