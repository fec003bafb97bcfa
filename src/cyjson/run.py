"""Run a program with cyjson in the place of ``json``: ``python -m cyjson.run script.py …`` or ``-m module …``."""

import sys
from types import ModuleType

USAGE = """\
usage: python -m cyjson.run script.py [argument ...]
       python -m cyjson.run -m module [argument ...]
       python -m cyjson.run -c program [argument ...]

Run a Python program after cyjson.install(): json is cyjson in it, with nothing to change.
"""


def _of_module(name):
    """The spec and the code of what ``python -m name`` runs."""
    from importlib.util import find_spec

    try:
        spec = find_spec(name)
        if spec is not None and spec.submodule_search_locations is not None:
            name = f"{name}.__main__"
            spec = find_spec(name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise
        spec = None
    code = None if spec is None else spec.loader.get_code(spec.name)
    if code is None:
        sys.exit(f"python -m cyjson.run: no module named {name}")
    return spec, code


def _code_of(path):
    import io

    try:
        with io.open_code(path) as file:
            source = file.read()
    except OSError as error:
        sys.exit(f"python -m cyjson.run: can't open file {path!r}: {error.strerror}")
    return compile(source, path, "exec", dont_inherit=True)


def _run(code, **names):
    """Run it as ``__main__``, which it stays: pickles, threads and what runs at the end look for it there."""
    main = ModuleType("__main__")
    vars(main).update(names)
    main.__builtins__ = __builtins__
    sys.modules["__main__"] = main
    exec(code, vars(main))


def main(arguments=None):
    """Run the program that the arguments name (None: those of this process), after ``install()``.

    SystemExit where there is none.
    """
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    if not arguments or arguments[0] in ("-h", "--help"):
        (sys.stdout if arguments else sys.stderr).write(USAGE)
        sys.exit(0 if arguments else 2)
    what, *rest = arguments
    if what in ("-m", "-c"):
        if not rest:
            sys.exit(f"python -m cyjson.run: argument expected for {what}\n{USAGE}")
    elif what.startswith("-") and what != "-":
        sys.exit(f"python -m cyjson.run: unknown option {what}\n{USAGE}")

    from . import install

    install()
    # As python itself does it: the first entry is where the program is, if the program's place counts at all.
    has_place = not getattr(sys.flags, "safe_path", sys.flags.isolated)
    if what == "-m":
        spec, code = _of_module(rest[0])
        sys.argv[:] = [spec.origin or rest[0], *rest[1:]]
        names = {"__spec__": spec, "__file__": spec.origin, "__loader__": spec.loader, "__cached__": spec.cached}
        _run(code, **names, __package__=spec.parent)
    elif what == "-c":
        sys.argv[:] = ["-c", *rest[1:]]
        if has_place:
            sys.path[0] = ""
        _run(compile(rest[0], "<string>", "exec", dont_inherit=True), __spec__=None, __package__=None)
    else:
        import os

        sys.argv[:] = arguments
        if what == "-":
            code = compile(sys.stdin.buffer.read(), "<stdin>", "exec", dont_inherit=True)
            _run(code, __spec__=None, __package__=None, __file__="<stdin>")
        elif os.path.isdir(what) or what.endswith((".zip", ".pyz")):
            sys.path[0:1] = [what]
            spec, code = _of_place(what)
            _run(code, __spec__=spec, __file__=spec.origin, __loader__=spec.loader, __package__="")
        else:
            if has_place:
                sys.path[0] = os.path.dirname(os.path.realpath(what))
            _run(_code_of(what), __spec__=None, __package__=None, __file__=what, __cached__=None)


def _of_place(path):
    """The spec and the code of ``__main__`` in a folder or a zip file."""
    from importlib.machinery import PathFinder

    spec = PathFinder.find_spec("__main__", [path])
    code = None if spec is None else spec.loader.get_code("__main__")
    if code is None:
        sys.exit(f"python -m cyjson.run: can't find '__main__' module in {path!r}")
    return spec, code


if __name__ == "__main__":
    main()
