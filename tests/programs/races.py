"""``save`` by root, in a folder where a second user changes things meanwhile. Run by test_replace.py; needs root.

What must not happen, whatever that user does and whenever:

- a file in root's own folder, where the second user's links lead, gets another owner or other rights;
- root's own folder gets another file;
- a file of root's has been open for the second user, who may then write to it or read it.

First the second user acts before each single call of the system that ``save`` makes, in turn: nothing is left to
chance. Then as a process of its own that does all of it in a loop.
"""

import contextlib
import os
import shutil
import signal
import stat
import sys
import tempfile

import cyjson

OTHER = 65534  # the second user
ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 200


class Place:
    """The folders: ``shared``, where all may do what they like, ``private`` of root's, and the target."""

    def __init__(self, sticky):
        self.base = tempfile.mkdtemp()
        os.chmod(self.base, 0o755)
        self.shared, self.private = os.path.join(self.base, "shared"), os.path.join(self.base, "private")
        for folder, mode in (self.shared, 0o1777 if sticky else 0o777), (self.private, 0o711):
            os.mkdir(folder)
            os.chmod(folder, mode)
        self.target = os.path.join(self.shared, "folder", "value.json")
        self.victim = os.path.join(self.private, "value.json")
        self.secret = os.path.join(self.shared, "secret.json")  # root's, in the shared folder
        self.opened = []  # by the second user

    def prepare(self):
        for name in os.listdir(self.shared):
            path = os.path.join(self.shared, name)
            shutil.rmtree(path) if os.path.isdir(path) and not os.path.islink(path) else os.unlink(path)
        for path in self.victim, self.secret:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)
            with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
                file.write(b'"secret"')
        with as_other():
            self.own_folder()

    def own_folder(self):
        os.mkdir(os.path.join(self.shared, "folder"))
        self.own_file()

    def own_file(self, path=None):
        with open(path or self.target, "wb") as file:
            file.write(b'"mine"')
        os.chmod(path or self.target, 0o666)

    # What the second user does

    def look(self):
        """Open everything that comes in reach."""
        for folder in self.shared, os.path.join(self.shared, "folder"), self.private:
            with contextlib.suppress(OSError):
                for name in os.listdir(folder):
                    with contextlib.suppress(OSError):
                        self.opened.append(os.open(os.path.join(folder, name), os.O_RDWR | os.O_NONBLOCK))

    def swap(self, make):
        """Put something in the target's place, at once."""
        path = os.path.join(self.shared, f"swap{os.getpid()}")
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        make(path)
        os.rename(path, self.target)

    def link(self):
        self.swap(lambda path: os.symlink(self.victim, path))

    def link_to_nothing(self):
        self.swap(lambda path: os.symlink(os.path.join(self.private, "nothing", "new.json"), path))

    def file(self):
        self.swap(self.own_file)

    def pipe(self):
        self.swap(os.mkfifo)
        self.opened.append(os.open(self.target, os.O_RDWR | os.O_NONBLOCK))  # so that nobody waits

    def remove(self):
        os.unlink(self.target)

    def move_secret(self):
        os.rename(self.secret, self.target)

    def link_folder(self):
        """The folder itself becomes a link to root's."""
        folder = os.path.join(self.shared, "folder")
        os.rename(folder, folder + str(len(os.listdir(self.shared))))
        os.symlink(self.private, folder)

    def real_folder(self):
        folder = os.path.join(self.shared, "folder")
        if os.path.islink(folder):
            os.unlink(folder)
            self.own_folder()

    # What must be so afterwards

    def breaches(self):
        found = []
        for name in os.listdir(self.private):
            status = os.lstat(os.path.join(self.private, name))
            if (status.st_uid, status.st_mode) != (0, stat.S_IFREG | 0o600) or name != "value.json":
                found.append(f"private/{name}: owner {status.st_uid}, mode {status.st_mode:o}")
        for descriptor in self.opened:
            status = os.fstat(descriptor)
            if status.st_uid == 0 and stat.S_ISREG(status.st_mode) and status.st_nlink:
                found.append(f"open for the second user: inode {status.st_ino} of root's")
            os.close(descriptor)
        self.opened.clear()
        return found


@contextlib.contextmanager
def as_other():
    os.setegid(OTHER)
    os.seteuid(OTHER)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


ACTIONS = "link", "link_to_nothing", "file", "pipe", "remove", "move_secret", "link_folder", "real_folder"


def act(place, action):
    with contextlib.suppress(OSError):
        getattr(place, action)()


def save(place):
    with contextlib.suppress(OSError):
        cyjson.save("of root's", place.target)


def before_each_call(place, first, second):
    """``first`` has been done when root begins, ``second`` comes before the n-th call, for each n."""
    turn, found = 0, []
    while True:
        turn += 1
        count = 0

        def step(frame, event, argument):
            nonlocal count
            # extend: of a list of descriptors, by one that is opened
            if event != "c_call" or argument.__module__ != "posix" and argument.__name__ not in ("extend", "close"):
                return
            count += 1
            with as_other():
                if count == turn:
                    act(place, second)
                if count >= turn - 1:
                    place.look()

        place.prepare()
        with as_other():
            act(place, first)
        sys.setprofile(step)
        try:
            save(place)
        finally:
            sys.setprofile(None)
        found += [f"{first}, {second} at call {turn}: {each}" for each in place.breaches()]
        if count < turn:
            return found


def in_a_loop(place):
    """The second user as a process, while root saves and saves."""
    found = []
    place.prepare()
    child = os.fork()
    if child == 0:
        try:
            os.setgid(OTHER)
            os.setuid(OTHER)
            while True:
                for action in "link", "file", "link_folder", "real_folder", "link_to_nothing", "remove", "file":
                    act(place, action)
        finally:
            os._exit(1)
    try:
        for n in range(ROUNDS):
            save(place)
            found += [f"round {n}: {each}" for each in place.breaches()]
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    return found


def main():
    os.fsync = lambda descriptor: None  # for speed
    os.umask(0o022)
    found = []
    for sticky in False, True:
        place = Place(sticky)
        try:
            for first in "file", "link", "remove", "link_folder":
                for second in ACTIONS:
                    found += before_each_call(place, first, second)
            found += in_a_loop(place)
        finally:
            shutil.rmtree(place.base)
    for each in found[:20]:
        print(each)
    print(f"{len(found)} breaches")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
