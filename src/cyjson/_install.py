"""cyjson in the place of ``json``, for the whole interpreter.

What ``json``'s modules export is replaced by functions of a core (see _native.pyx) that is there for this alone: its
functions have ``json``'s names, and look up in ``json``'s modules what programs replace. ``json``'s two classes stay
the objects that they are, so that subclasses and instances made before count; their methods are replaced.

A name that holds something else than the interpreter's own object is left as it is: by ``install``, and by
``uninstall``, for which "own" means what ``install`` put there.
"""

import sys
from _thread import allocate_lock
from types import BuiltinFunctionType, FunctionType, ModuleType, SimpleNamespace

from . import _backend, _names

FUNCTIONS = ("dump", "dumps", "load", "loads")
OF_ENCODER = ("encode_basestring", "encode_basestring_ascii")  # which json.encoder has with "c_" before it, too
OF_C = ("scanstring", *OF_ENCODER)  # as _json has them, where their pickles point to


class Installation:
    """What ``install`` returns: at the end of a ``with``, ``json`` is as it was, unless another ``install`` holds."""

    def __init__(self, turn):
        self._turn = turn  # None: nothing was installed, or it is over

    def __enter__(self):
        state = _state()
        with state["lock"]:
            if self._turn is not None and self._turn == state["turn"]:
                state["lasting"] -= 1
                state["scopes"] += 1
        return self

    def __exit__(self, *exception):
        state = _state()
        with state["lock"]:
            turn, self._turn = self._turn, None
            if turn is not None and turn == state["turn"]:
                state["scopes"] -= 1
                if state["scopes"] == state["lasting"] == 0:
                    _put_back(state)

    def __repr__(self):
        return f"<cyjson.install(): {len(installed())} names>"


def install():
    """Put cyjson in the place of ``json``, in this interpreter, until ``uninstall()``.

    ``json.loads`` is fast from now on, wherever it is called, and so are ``json``'s other functions, its classes and
    their subclasses, and what ``json.encoder``, ``json.decoder`` and ``json.scanner`` export.

    ``with install():`` ends at its end. Calling it again changes nothing, but for names that are ``json``'s own again,
    as after ``importlib.reload``. A name that holds something else is left alone: ``installed()`` tells what was
    replaced.

    In the fallback, which is ``json`` itself, it does nothing, with a RuntimeWarning.
    """
    if _backend.implementation()[1] != "c":
        from warnings import warn

        warn("cyjson.install() does nothing: the fallback runs, which is json itself", RuntimeWarning, stacklevel=2)
        return Installation(None)
    state = _state()
    with state["lock"]:
        _put_there(state)
        state["lasting"] += 1
        return Installation(state["turn"])


def uninstall():
    """End what ``install`` did, however often it was called: each name has the object again that it had before.

    What programs put there since then stays there. Where nothing is installed, nothing happens.
    """
    state = _state()
    with state["lock"]:
        _put_back(state)


def installed():
    """Return what ``install`` has replaced, and nobody since: a sorted tuple of names (str), such as ``"json.loads"``
    and ``"json.encoder.JSONEncoder.encode"``. It is empty where nothing is installed.
    """
    state = _state()
    with state["lock"]:
        return tuple(
            sorted(_spelt(owner, name) for owner, name, ours, _ in state["replaced"] if _is(owner, name, ours))
        )


# ---- under the lock ----


_of_fallback = {}


def _state():
    """What was done in this interpreter: kept by the extension, for this module may be imported anew."""
    impl, backend = _backend.implementation()
    state = impl.installation if backend == "c" else _of_fallback
    state.setdefault("lock", allocate_lock())
    state.setdefault("places", [])  # the Place of each json that was there
    state.setdefault("replaced", [])  # (owner, name, what was put there, what had been there)
    state.setdefault("turn", 0)  # how often it was put back
    state.setdefault("lasting", 0)  # calls of install since then, those not counted that are a `with` now
    state.setdefault("scopes", 0)  # which these are
    return state


def _is(owner, name, value):
    return vars(owner).get(name) is value


def _spelt(owner, name):
    of = f"{owner.__module__}.{owner.__qualname__}" if isinstance(owner, type) else getattr(owner, "__name__", None)
    return f"{of or 'json._default_decoder'}.{name}"


def _put_there(state):
    json = sys.modules.get("json") or __import__("json")
    place = next((each for each in state["places"] if each.is_of(json)), None)
    if place is None:
        place = Place(_backend.implementation()[0], json)
        state["places"].append(place)
    ours = sys.modules[f"{__package__}.encoder"].JSONEncoder
    if state.get("isolated") != (place, ours):  # again where cyjson was set up for another json meanwhile
        place.isolate(ours)
        state["isolated"] = place, ours
    replaced = False
    for owner, name, ours in place.wanted():
        theirs = _names.original(vars(owner).get(name))
        if not _is(owner, name, ours) and place.is_own(theirs):
            place.remember(ours, theirs)
            state["replaced"] = [each for each in state["replaced"] if each[0] is not owner or each[1] != name]
            state["replaced"].append((owner, name, ours, theirs))
            setattr(owner, name, ours)
            replaced = True
    place.watch()
    if replaced:
        _name_modules(state)


def _put_back(state):
    for owner, name, ours, theirs in state["replaced"]:
        if _is(owner, name, ours):
            setattr(owner, name, theirs)
    state["turn"] += 1
    state["lasting"] = state["scopes"] = 0
    _name_modules(state)
    state["replaced"] = []


def _name_modules(state):
    """Say where functions are to be found by pickle, which wants each to be what its module has by its name."""
    for owner, name, ours, theirs in state["replaced"]:
        if isinstance(owner, ModuleType) and name in (FUNCTIONS if owner.__name__ != "_json" else OF_C):
            there = _is(owner, name, ours)
            ours.__module__ = owner.__name__ if there else f"{__package__}._installed"
            theirs.__module__ = f"{__package__}._originals" if there else owner.__name__


class Place:
    """A ``json`` package, and what is put there."""

    def __init__(self, native, json):
        self.native = native
        self.json = json
        self.encoder, self.decoder, self.scanner = (
            __import__(f"json.{part}", fromlist=["json"]) for part in ("encoder", "decoder", "scanner")
        )
        self.encoder_class, self.decoder_class = self.encoder.JSONEncoder, self.decoder.JSONDecoder
        self.c = sys.modules.get("_json") or ModuleType("_json")
        self.core = native.make_core("json")
        for name in OF_C:
            getattr(self.core, name).__module__ = "_json"
        self.make_encoder = _make_encoder(self)
        self.methods = _methods(self)
        self.stdlib = _isolated(self)
        native.set_up(self.encoder_class, self.decoder_class, self.core)
        self.scanners = {}

    def is_of(self, json):
        """Whether these are the modules and classes that are there now; not, where one was imported anew."""
        return (
            json is self.json
            and all(sys.modules.get(f"json.{each}") is getattr(self, each) for each in _backend.PARTS)
            and self.encoder.JSONEncoder is self.encoder_class
            and self.decoder.JSONDecoder is self.decoder_class
        )

    def isolate(self, our_encoder_class):
        """Have this core, and cyjson's own, ask for json's errors where nothing is installed."""
        self.native.isolate(*self.stdlib, self.methods, self.core)
        if issubclass(our_encoder_class, self.encoder_class):
            self.native.isolate(*self.stdlib, self.methods)

    def wanted(self):
        """What is to be replaced: owner, name, and by what."""
        core, decoder = self.core, vars(self.json).get("_default_decoder")
        for name in ("encode", "iterencode"):
            yield self.encoder_class, name, self.methods[name == "iterencode"]
        yield self.decoder_class, "decode", self.methods[2]
        for prefix in "c_", "":
            for name in OF_ENCODER:
                yield self.encoder, prefix + name, getattr(core, name)
            yield self.decoder, f"{prefix}scanstring", core.scanstring
            yield self.scanner, f"{prefix}make_scanner", core.Scanner
        yield self.encoder, "c_make_encoder", self.make_encoder
        for name in OF_C:
            yield self.c, name, getattr(core, name)
        if self.is_default_decoder(decoder):
            yield decoder, "scan_once", self.scanner_of(decoder)
        for name in FUNCTIONS:
            yield self.json, name, getattr(core, name)

    def scanner_of(self, decoder):
        if decoder not in self.scanners:
            self.scanners[decoder] = self.core.Scanner(decoder)
        return self.scanners[decoder]

    def remember(self, ours, theirs):
        self.native.originals[id(ours)] = theirs

    def is_own(self, value):
        """Whether this is the interpreter's own, where it may have been replaced."""
        if isinstance(value, FunctionType):
            return any(
                value.__globals__ is vars(each) for each in (self.json, self.encoder, self.decoder, self.scanner)
            )
        if isinstance(value, BuiltinFunctionType):
            return getattr(value.__self__, "__name__", "_json") == "_json"
        if isinstance(value, type):
            return value in (self.encoder_class, self.decoder_class, self.decoder.JSONDecodeError) or (
                value.__module__ == "_json"
            )
        if isinstance(value, float):
            return value == float("inf")
        return value is not None and type(value).__module__ in ("_json", "builtins", "re") and type(value) is not str

    def is_default_encoder(self, encoder):
        return type(encoder) is self.encoder_class and vars(encoder) == vars(self.encoder_class())

    def is_default_decoder(self, decoder):
        if type(decoder) is not self.decoder_class or not self.is_own(vars(decoder).get("scan_once")):
            return False
        anew = vars(self.decoder_class())
        same = {name: anew[name] for name in anew if name in ("scan_once", "memo", "parse_string")}
        return {**vars(decoder), **same} == anew

    def watch(self):
        """Have the functions see what programs replace in these modules, and had replaced before."""
        json = self.json
        encoder, decoder = (vars(json).get(f"_default_{part}") for part in ("encoder", "decoder"))
        instances = [{}, {}]
        for index, (instance, is_own) in enumerate(
            [(encoder, self.is_default_encoder(encoder)), (decoder, self.is_default_decoder(decoder))]
        ):
            if is_own:
                instance.__dict__ = instances[index] = {**vars(instance)}  # as in _names.watch
        dump, dumps, load, loads = (_names.original(getattr(json, name)) for name in FUNCTIONS)
        encode, iterencode = (_names.original(vars(self.encoder_class)[name]) for name in ("encode", "iterencode"))
        of_methods = _names.globals_of(self.encoder, encode, iterencode)
        groups = [
            [
                (vars(json), _names.globals_of(json, dumps, dump)),
                (instances[0], None),
                (self.encoder_class, _names.OF_ENCODERS),
                (vars(self.encoder), of_methods),
            ],
            [
                (vars(json), _names.globals_of(json, loads, load)),
                (instances[1], None),
                (self.decoder_class, _names.OF_DECODERS),
                (vars(self.decoder), _names.globals_of(self.decoder, self.decoder_class.__init__)),
                (vars(self.scanner), ("make_scanner",)),
            ],
            [(vars(self.encoder), of_methods)],
        ]
        known = {"item_separator": ", ", "key_separator": ": ", "__name__": json.__name__}

        def usual(owner, name, value):
            if any(owner is instance for instance in instances) or value is _names.MISSING:
                return value
            if name == "_default_encoder":
                is_usual = value is encoder and self.is_default_encoder(encoder)
            elif name == "_default_decoder":
                is_usual = value is decoder and self.is_default_decoder(decoder)
            else:
                is_usual = value == known[name] if name in known else self.is_own(value)
            return value if is_usual else object()

        self.native.watch(*_names.watched(groups, usual), (dumps, dump, loads, load, encode, iterencode), self.core)


def _like(theirs):
    """Give a function what says which one it is."""

    def like(ours):
        for name in ("__module__", "__name__", "__qualname__", "__doc__"):
            setattr(ours, name, getattr(theirs, name))
        ours.__wrapped__ = theirs  # inspect goes by that
        return ours

    return like


def _methods(place):
    """encode, iterencode and decode for json's classes, as those of cyjson.encoder and cyjson.decoder."""
    native, core = place.native, place.core
    encode_with, iterencode_with, one_shot_with = core.encode_with, core.iterencode_with, core.one_shot_with
    decode_with = core.decode_with
    their_encode, their_iterencode, their_decode = (
        _names.original(each)
        for each in (place.encoder_class.encode, place.encoder_class.iterencode, place.decoder_class.decode)
    )
    c_indents, chunks = sys.version_info >= (3, 13), list if sys.version_info < (3, 12) else tuple
    match = place.decoder.WHITESPACE.match
    if their_decode.__defaults__ is not None:
        match = their_decode.__defaults__[0]

    @_like(their_encode)
    def encode(self, o):
        return encode_with(self, o)

    @_like(their_iterencode)
    def iterencode(self, o, _one_shot=False):
        if _one_shot:
            if (c_indents or self.indent is None) and not issubclass(type(o), str):
                if not native.methods_go_by_name(core):
                    text = one_shot_with(self, o)
                    if text is not None:
                        return chunks((text,))
            return their_iterencode(self, o, _one_shot)
        return iterencode_with(self, o)

    @_like(their_decode)
    def decode(self, s, _w=match):
        return decode_with(self, s) if _w is match else their_decode(self, s, _w)

    return encode, iterencode, decode


def _make_encoder(place):
    """The class that stands for ``json.encoder.c_make_encoder``: it makes json's own where the text isn't to be had
    from the core."""
    theirs = _names.original(place.encoder.c_make_encoder)
    one_shot_with = place.core.one_shot_with
    ascii_ones = place.core.encode_basestring_ascii, _names.original(place.encoder.encode_basestring_ascii)
    text_ones = place.core.encode_basestring, _names.original(place.encoder.encode_basestring)
    c_indents, chunks = sys.version_info >= (3, 13), list if sys.version_info < (3, 12) else tuple

    class make_encoder:
        __doc__ = getattr(theirs, "__doc__", None)
        __slots__ = (
            *("markers", "default", "encoder", "indent", "key_separator", "item_separator", "sort_keys", "skipkeys"),
            *("allow_nan", "check_circular", "ensure_ascii", "_theirs"),
        )

        def __new__(cls, *args, **kwargs):
            made = theirs(*args, **kwargs)  # raises what is wrong with them
            names = cls.__slots__[:9]
            if len(args) != len(names) or kwargs:
                return made
            values = dict(zip(names, args, strict=True))
            encoder, indent = values["encoder"], values["indent"]
            is_ascii = any(encoder is each for each in ascii_ones)
            if not is_ascii and not any(encoder is each for each in text_ones):
                return made
            if values["markers"] or not (indent is None or (c_indents and type(indent) is str)):
                return made
            if type(values["key_separator"]) is not str or type(values["item_separator"]) is not str:
                return made
            self = object.__new__(cls)
            for name, value in values.items():
                setattr(self, name, value)
            self.check_circular, self.ensure_ascii, self._theirs = values["markers"] is not None, is_ascii, made
            return self

        def __call__(self, *args, **kwargs):
            if len(args) == 2 and not kwargs and type(args[1]) is int and args[1] == 0:
                if not issubclass(type(args[0]), str) and not self.markers:
                    text = one_shot_with(self, args[0])
                    if text is not None:
                        return chunks((text,))
            return self._theirs(*args, **kwargs)

    make_encoder.__module__ = "_json"
    make_encoder.__qualname__ = make_encoder.__name__ = getattr(theirs, "__name__", "Encoder")
    return make_encoder


def _isolated(place):
    """Subclasses of json's classes that do what those do where nothing is installed."""

    def names_of(module, **others):
        return {**{name: _names.original(value) for name, value in vars(module).items()}, **others}

    names = names_of(place.encoder)
    encode, iterencode, decode = (method.__wrapped__ for method in place.methods)
    encoder_class = type(
        "JSONEncoder",
        (place.encoder_class,),
        {"encode": _names.named(encode, names), "iterencode": _names.named(iterencode, names)},
    )
    make_scanner = _names.original(place.scanner.make_scanner)
    names = names_of(place.decoder, scanner=SimpleNamespace(make_scanner=make_scanner))
    decoder_class = type(
        "JSONDecoder",
        (place.decoder_class,),
        {"decode": decode, "__init__": _names.named(place.decoder_class.__init__, names)},
    )
    return encoder_class, decoder_class
