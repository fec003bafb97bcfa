"""``json.encoder`` with cyjson's names in place of the standard library's."""

from json import encoder as _stdlib

from . import _impl, backend

# Whatever the running version's module has: no name can be missing, none can drift.
globals().update((k, v) for k, v in vars(_stdlib).items() if k == "__all__" or not k.startswith("__"))

encode_basestring = _impl.encode_basestring
encode_basestring_ascii = _impl.encode_basestring_ascii
if backend == "c":
    c_encode_basestring = encode_basestring
    c_encode_basestring_ascii = encode_basestring_ascii
    _encode_with = _impl.encode_with
    _iterencode_with = _impl.iterencode_with

    # Python, so that subclasses and wrong calls behave in every detail as the standard library's do; C goes first in
    # what is called most, where nothing is unusual.
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
                return super().iterencode(o, _one_shot)
            return _iterencode_with(self, o)

    JSONEncoder.encode = _impl.encode_method(JSONEncoder.encode)

    def _unpack_pair(pair):
        key, value = pair
        return key, value
