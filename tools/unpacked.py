"""Debian packages of any suite and architecture, unpacked into a folder of their own: headers and interpreters.

Nothing is installed, no script of a package is run, and no root is needed: apt gets a state of its own, fetches the
packages named with all that they depend on, and dpkg-deb unpacks them. The folders stay in
$XDG_CACHE_HOME/cyjson-wheels (~/.cache by default).
"""

import os
import shutil
import subprocess
import threading
from pathlib import Path

from matrix import Unavailable, mirror, run

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "cyjson-wheels"
UNPACKING = threading.Lock()  # a folder, and apt's state, are one thread's at a time


def apt(suite, architecture, *arguments):
    """Run apt-get for a suite and architecture, in a state where no package is installed. Return the state's folder."""
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise Unavailable("apt-get and dpkg-deb aren't here")
    state = CACHE / "apt" / f"{suite}-{architecture}"
    for folder in "lists/partial", "archives/partial":
        (state / folder).mkdir(parents=True, exist_ok=True)
    (state / "status").touch()
    lines = "".join(f"{kind} {mirror()} {suite} main\n" for kind in ("deb", "deb-src"))
    (state / "sources.list").write_text(lines)
    options = {
        "Dir::State::lists": state / "lists",
        "Dir::State::status": state / "status",
        "Dir::Etc::sourcelist": state / "sources.list",
        "Dir::Etc::sourceparts": "-",
        "Dir::Cache": state,
        "APT::Architecture": architecture,
        "APT::Architectures": architecture,
        "APT::Sandbox::User": "root",
        "Acquire::Languages": "none",
        "Acquire::Check-Valid-Until": "false",
    }
    given = [part for name, value in options.items() for part in ("-o", f"{name}={value}")]
    if not (state / "updated").exists():
        run(["apt-get", "-q", *given, "update"], f"apt-get update of {suite} for {architecture} failed")
        (state / "updated").touch()
    run(["apt-get", "-q", *given, *arguments], f"{suite} for {architecture}: {' '.join(arguments)}", cwd=state)
    return state


def packages(suite, architecture, *names):
    """Return the folder that holds these packages and all that they depend on, unpacked."""
    folder = CACHE / "roots" / f"{suite}-{architecture}-{'-'.join(names)}"
    with UNPACKING:
        if not (folder / ".made").exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            fetch = ["install", "-y", "--download-only", "--no-install-recommends", *names]
            state = apt(suite, architecture, *fetch)
            for archive in sorted((state / "archives").glob("*.deb")):
                if archive.stat().st_size and needed(archive):
                    subprocess.run(["dpkg-deb", "-x", archive, folder], check=True)
            # Of suites after bookworm, packages bring /usr/lib only: the links are made when a system is installed.
            for name in "bin", "lib", "lib64", "sbin":
                if (folder / "usr" / name).is_dir() and not (folder / name).exists():
                    (folder / name).symlink_to(f"usr/{name}")
            (folder / ".made").touch()
    return folder


def needed(archive):
    """Whether a package brings files that an interpreter or a compiler reads, not only settings of a system."""
    return not archive.name.startswith(("debconf_", "gcc-", "linux-libc-dev_", "tzdata_"))


def source(suite, name):
    """Return the archive of a source package as its authors published it."""
    state = apt(suite, "amd64", "source", "--download-only", name)
    found = [each for each in sorted(state.glob(f"{name}_*.orig.tar.*")) if each.suffix != ".asc"]
    if not found:
        raise Unavailable(f"{suite} has no source of {name}")
    return found[-1]
