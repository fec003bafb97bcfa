"""``json.encoder`` with cyjson's names in place of the standard library's."""

from json import encoder as _stdlib
from sys import version_info

from ._backend import implementation as _implementation
from ._names import named
from ._names import original as _original

_impl, backend = _implementation()

# Whatever the running version's module has: no name can be missing, none can drift.
globals().update((k, _original(v)) for k, v in vars(_stdlib).items() if k == "__all__" or not k.startswith("__"))

encode_basestring = _impl.encode_basestring
encode_basestring_ascii = _impl.encode_basestring_ascii
if backend == "c":
    encode_basestring.__module__ = encode_basestring_ascii.__module__ = __name__  # where pickles should look for them
    c_encode_basestring = encode_basestring
    c_encode_basestring_ascii = encode_basestring_ascii
    _encode_with = _impl.encode_with
    _iterencode_with = _impl.iterencode_with
    _one_shot_with = _impl.one_shot_with
    _C_INDENTS = version_info >= (3, 13)  # in the standard library
    _chunks = list if version_info < (3, 12) else tuple

    _encode = _original(_stdlib.JSONEncoder.encode)
    _iterencode = _original(_stdlib.JSONEncoder.iterencode)
    _named_encode = named(_encode, globals())
    _named_iterencode = named(_iterencode, globals())

    def _encode_by_name(encoder, o):
        """What json does with this module's names, or what somebody has put in the place of json's method."""
        encode = _original(_stdlib.JSONEncoder.encode)
        return (_named_encode if encode is _encode else encode)(encoder, o)

    def _iterencode_by_name(encoder, o, _one_shot=False):
        iterencode = _original(_stdlib.JSONEncoder.iterencode)
        return (_named_iterencode if iterencode is _iterencode else iterencode)(encoder, o, _one_shot)

    # Python, so that subclasses and wrong calls behave in every detail as the standard library's do.
    class JSONEncoder(_stdlib.JSONEncoder):
        """Encodes JSON documents: ``json.JSONEncoder``, with a native ``encode`` and ``iterencode``."""

        def encode(self, o):
            """Return ``o`` as a JSON document (str).

            Raises TypeError, ValueError and RecursionError as ``dumps`` does.
            """
            return _encode_with(self, o)

        def iterencode(self, o, _one_shot=False):
            """Return an iterator over ``o`` as a JSON document, in pieces (str) of about 64 Ki characters.

            A piece is made when it is asked for, and ``default`` called then; memory holds one piece. The iterator has
            ``close()``.

            Raises, on the way, what ``encode`` raises. What comes before the error in the same piece is lost.
            """
            if _one_shot:  # as encode() of the standard library's asks for it
                if _impl.methods_go_by_name():
                    return _iterencode_by_name(self, o, True)
                if (_C_INDENTS or self.indent is None) and not issubclass(type(o), str):
                    text = _one_shot_with(self, o)
                    if text is not None:
                        return _chunks((text,))
                return super().iterencode(o, _one_shot)
            return _iterencode_with(self, o)
