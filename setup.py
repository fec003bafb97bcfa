"""Builds the C extension; everything that is static stands in pyproject.toml.

In the environment:
    CFLAGS                    flags to add to the compiler's; without a -O among them, -O3 is added, and on Linux
                              -fstack-protector-strong and -D_FORTIFY_SOURCE=2 where they say nothing of those
    CYJSON_REQUIRE_NATIVE=1   fail where the extension can't be built, rather than install the fallback
"""

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from glob import glob

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.errors import BaseError, CCompilerError, PlatformError

native = Extension(
    "cyjson._native",
    sources=["src/cyjson/_native.pyx", *sorted(glob("csrc/*.c"))],
    depends=sorted([*glob("csrc/*.h"), *glob("src/cyjson/*.pxi")]),
    include_dirs=["csrc"],
    # With both, no C static of Cython's holds a Python object: each subinterpreter can have a module of its own.
    define_macros=[("CYTHON_USE_MODULE_STATE", "1"), ("CYTHON_USE_TYPE_SPECS", "1")],
)


def tell(line):
    """Print a line to the build's log, and, since pip hides that, to the terminal where there is one."""
    print(line, file=sys.stderr)
    try:
        with open("CON" if os.name == "nt" else "/dev/tty", "w") as terminal:
            print("\n" + line, file=terminal)
    except OSError:
        pass


class BuildExtension(build_ext):
    """Build the extension; where that can't be done, say so and go on without it."""

    def run(self):
        self.cython_c_in_temp = True  # keeps the generated C out of src/
        try:
            if sys.implementation.name != "cpython" or sys.platform == "emscripten" or "PYODIDE" in os.environ:
                raise PlatformError("not on this kind of Python")
            super().run()
        except (BaseError, CCompilerError) as error:
            if os.environ.get("CYJSON_REQUIRE_NATIVE", "0") not in ("", "0"):
                raise
            why = " ".join(str(error).split())
            tell(f"cyjson: the C extension can't be built here, installing the pure-Python fallback ({why})")
            self.extensions = self.distribution.ext_modules = []
            if wheel := self.distribution.get_command_obj("bdist_wheel", create=False):
                wheel.root_is_pure = True  # so it is named py3-none-any

    def build_extension(self, ext):
        msvc = self.compiler.compiler_type == "msvc"
        level = [] if "-O" in os.environ.get("CFLAGS", "") else ["-O3"]
        # A call of some 70 ns took up to 20 more where functions began anywhere.
        flags = ["-std=c11", "-fvisibility=hidden", "-falign-functions=64", *level]
        ext.extra_compile_args = ["/O2", "/std:c11"] if msvc else flags
        if sys.platform == "linux":
            # What is written past an array's end is found out before it is used; addresses of functions can't be
            # overwritten once the library is loaded.
            if "stack-protector" not in os.environ.get("CFLAGS", ""):
                ext.extra_compile_args += ["-fstack-protector-strong"]
            if "_FORTIFY_SOURCE" not in os.environ.get("CFLAGS", ""):
                ext.extra_compile_args += ["-U_FORTIFY_SOURCE", "-D_FORTIFY_SOURCE=2"]
            ext.extra_link_args = ["-Wl,-z,relro,-z,now"]
            # All addresses are bound when the library is loaded, so the interpreter's functions need no stubs.
            ext.extra_compile_args += ["-fno-plt"]
        compile_all = self.compiler.compile
        with ThreadPoolExecutor(os.cpu_count()) as pool:  # one compiler a core: setuptools starts one after another

            def compile_at_once(sources, *args, **kwargs):
                return sum(pool.map(lambda source: compile_all([source], *args, **kwargs), sources), [])

            self.compiler.compile = compile_at_once
            super().build_extension(ext)


# The license stands here because its spelling in pyproject.toml changed in setuptools 77: neither form works in both.
setup(license="MIT", ext_modules=[native], cmdclass={"build_ext": BuildExtension})
