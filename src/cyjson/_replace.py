"""Files that are replaced as a whole: ``replace`` as a function, ``replacing`` as a context manager.

What is written goes to a temporary file in the target's folder, and takes the target's place at the end or not at all.

Three things shape this code:

- Others may have the right to write to a folder. Each path is resolved once, to an open folder and a name in it, and
  the file that is there is opened: what it is and what rights it has is asked of that descriptor, never of a path.
- Python runs signal handlers between instructions, so Ctrl-C can come between a call and the assignment of its result.
  Descriptors therefore go into lists, and out of them, by calls that are one C function each; names are noted before
  the files are made; and ``close`` can be run again where it was interrupted.
- Systems differ in what they have: where files can't be named in relation to an open folder, paths are.
"""

import errno
import os
import stat
from contextlib import contextmanager
from functools import partial

from . import _files

__all__ = ["replace", "replacing"]

LINKS = 40  # symbolic links that a path may lead through, as for Linux; as often may others change what is looked at
TRIES = 20  # times that the rights of what is to be replaced may change while they are being given to the new file

_RELATIVE = {os.open, os.stat, os.readlink, os.unlink, os.rename} <= os.supports_dir_fd
_BINARY = getattr(os, "O_BINARY", 0)
_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | _BINARY | getattr(os, "O_NOFOLLOW", 0)
_NONBLOCK = getattr(os, "O_NONBLOCK", 0)
_OLD = os.O_WRONLY | _BINARY | _NONBLOCK | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NOCTTY", 0)
# Errors of what was a link, or a regular file, and is something else a moment later.
_CHANGED = {(stat.S_IFLNK, errno.EINVAL), (stat.S_IFLNK, errno.ENOENT)}
_CHANGED |= {(stat.S_IFREG, number) for number in (errno.ELOOP, errno.ENXIO, errno.ENOENT)}
_DIRECTORY = getattr(os, "O_DIRECTORY", 0)
# To go through a folder needs no right to read it.
_FOLDER = getattr(os, "O_PATH", getattr(os, "O_SEARCH", os.O_RDONLY)) | _DIRECTORY

_ACL = "system.posix_acl_access"
_GROUP, _OTHERS = 0x04, 0x20  # tags of its entries
_ABOUT_CONTENT = {"security.capability", "security.evm", "security.ima"}  # what was trusted or signed has gone


def replace(path, write, *, compress=False):
    """Replace the file at ``path`` by what ``write``, called with a binary file, writes; return what it returns.

    As ``replacing``, and nothing is left behind, wherever Ctrl-C comes.
    """
    replacement = _Replacement(path, compress)
    try:
        try:
            result = write(replacement.open())
            replacement.commit()
            return result
        finally:
            replacement.close()
    finally:
        replacement.close()  # whatever interrupts one of them, the other is whole


@contextmanager
def replacing(path, *, compress=False):
    """Replace the file at ``path`` (str or os.PathLike) as a whole: ``with replacing(path) as file:``, a binary file.

    Where the block ends without an exception, what was written takes the place of the old file, or stands where none
    was; otherwise all stays as it was. The file may be closed before, by a TextIOWrapper around it for example. With
    ``compress``, a path that ends in .gz or .zst makes a compressed file.

    Symbolic links are followed, but those of others in a folder that is sticky and that all may write to. What
    ``open(path, "wb")`` refuses raises the same OSError or ValueError, and every OSError of this module's own has the
    path that was given as ``filename``. The new file has the owner, as far as that is allowed, the permission bits, the
    ACL and the extended attributes of the one that it replaces, whichever that is at the end; where some can't be kept,
    fewer may use it, never more.

    What isn't a regular file of its own (a pipe, a terminal, a device, /dev/stdout, /proc/self/fd/1) is written to
    directly, a descriptor of this process from where it stands on.

    A KeyboardInterrupt that comes at the first instruction of the block's end leaves it to the collector to clean up.
    """
    replacement = _Replacement(path, compress)
    try:
        try:
            yield replacement.open()
            replacement.commit()
        finally:
            replacement.close()
    finally:
        replacement.close()


class _Replacement:
    """One replacement: ``open``, and after writing ``commit``; ``close`` in any case, and again should that fail."""

    def __init__(self, path, compress):
        self.path = _files.path_of(path)
        self.module = _files.compression(self.path) if compress else None
        self.folders, self.old, self.new = [], [], []  # descriptors; the last ones count
        self.within = None  # the path of the target's folder, where folders can't be opened
        self.name = None  # the target's
        self.identity = None  # the old file's
        self.rights = None  # those that the new file has been given
        self.temporary = self.file = self.packed = None

    def open(self):
        """Return the binary file to write to."""
        try:
            if self._find():
                self._create(0o666 if self.identity is None else 0o600)
                if self.identity is None:
                    self.rights = _rights(self.new[-1])
        except OSError as error:
            raise self._as_given(error) from None
        self.file = open(self.new[-1], "wb", closefd=False)
        self.packed = _files.packed(self.module, self.file)
        return self.packed

    def commit(self):
        """Put what was written in its place."""
        self.packed.close()
        self.file.close()
        if self.temporary is None:
            return
        try:
            self._put()
        except OSError as error:
            raise self._as_given(error) from None

    def close(self):
        """Give back what is held. Of what wasn't committed nothing is left. May be called again."""
        for file in self.packed, self.file:
            if file is not None:
                try:
                    file.close()
                except Exception:  # about what is thrown away
                    pass
        _close(self.new)
        if self.temporary is not None:
            try:
                os.unlink(self._at(self.temporary), dir_fd=self._folder())
            except OSError:
                pass
            self.temporary = None
        _close(self.old)
        _close(self.folders)

    def _as_given(self, error):
        """An OSError with the path that was given, in place of the names that are used here."""
        if error.errno is None:
            return error
        return OSError(error.errno, error.strerror, self.path, getattr(error, "winerror", None))

    def _folder(self):
        return self.folders[-1] if self.folders else None

    def _at(self, name):
        """What the system is given for a name in the target's folder."""
        return name if self.within is None else os.path.join(self.within, name)

    # The target

    def _find(self):
        """Find the folder and the name that the path leads to, and open what is there. Return whether it is, or will
        be, a file that can be replaced; other files are open for writing."""
        path, within = self.path, None
        for _ in range(LINKS):
            head, self.name = os.path.split(path)
            if "\0" in path or self.name in ("", os.curdir, os.pardir):
                self._refuse(path, within)
            if within is None:
                try:
                    os.stat(path)  # refuses what the system doesn't resolve, which has more rules than are known here
                except (FileNotFoundError, NotADirectoryError):  # seen below, and where a new file is meant
                    pass
            if _RELATIVE:
                _open(self.folders, head or os.curdir, _FOLDER, folder=within)
            else:
                self.within = os.path.join(os.getcwd(), head)  # wherever this process goes later
            folder, name = self._folder(), self._at(self.name)
            try:
                entry = os.stat(name, dir_fd=folder, follow_symlinks=False)
            except FileNotFoundError:
                return True
            if stat.S_ISDIR(entry.st_mode):
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
            if self._among_descriptors():
                self._open_descriptor()
                return False
            try:
                if stat.S_ISLNK(entry.st_mode):
                    self._check_link(entry)
                    path, within = self._at(os.readlink(name, dir_fd=folder)), folder
                elif stat.S_ISREG(entry.st_mode):
                    if self._open_old():
                        return True
                elif not stat.S_ISREG(os.fstat(_open(self.new, name, _OLD & ~_NONBLOCK, folder=folder)).st_mode):
                    return False
                else:
                    _close(self.new)
            except OSError as error:
                if (stat.S_IFMT(entry.st_mode), error.errno) not in _CHANGED:
                    raise
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))

    def _refuse(self, path, within):
        """Raise what opening a path to write to it raises that can't be a file's."""
        if "\0" in path:
            open(path, "rb")
        _open(self.new, path, os.O_WRONLY | os.O_CREAT | _BINARY, folder=within)
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))

    def _check_link(self, link):
        """PermissionError where a link in a folder for all, as /tmp is, is another's. (Linux refuses it, unless set
        not to, but only where it follows the link itself.)"""
        if not _RELATIVE:
            return
        folder = os.fstat(self._folder())
        for_all = stat.S_ISVTX | stat.S_IWOTH
        if folder.st_mode & for_all == for_all and link.st_uid not in (os.geteuid(), folder.st_uid):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    def _among_descriptors(self):
        """Whether the folder is in a file system whose entries stand for what is open, or for nothing on a disk."""
        if not _RELATIVE:
            return False
        device = os.fstat(self._folder()).st_dev
        for folder in "/proc/self/fd", "/dev/fd":
            try:
                if device == os.stat(folder).st_dev != os.stat(os.sep).st_dev:
                    return True
            except OSError:
                pass
        return False

    def _open_descriptor(self):
        """Open an entry of such a file system: a descriptor of this process is used as it is."""
        if self.name.isascii() and self.name.isdigit() and len(self.name) < 10:
            number = int(self.name)
            if number in self.folders:  # it wasn't there before
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
            try:
                status = os.fstat(number)
                own = os.path.samestat(status, os.stat(self.name, dir_fd=self._folder()))
            except OSError:
                own = False
            if own:
                from fcntl import F_GETFL, fcntl

                flags = fcntl(number, F_GETFL)
                if flags & (os.O_WRONLY | os.O_RDWR):
                    self.new.extend(map(os.dup, (number,)))
                    # At its start a file is emptied, as open() empties it; later there is what was written before.
                    if stat.S_ISREG(status.st_mode) and not flags & os.O_APPEND and os.lseek(number, 0, 1) == 0:
                        os.ftruncate(number, 0)
                    return
        _open(self.new, self.name, os.O_WRONLY | os.O_TRUNC, folder=self._folder())

    def _open_old(self):
        """Open the regular file that is there, to write to it, which must be allowed. Return whether it is one."""
        status = os.fstat(_open(self.old, self._at(self.name), _OLD, folder=self._folder()))
        regular = stat.S_ISREG(status.st_mode)
        if regular:
            self.identity = status.st_dev, status.st_ino
        if not regular or os.name == "nt":  # where nobody else can replace it while it is open
            _close(self.old)
        return regular

    # The new file

    def _create(self, mode):
        """Make the temporary file."""
        while True:
            self.temporary = f".cyjson-{os.urandom(8).hex()}.tmp"
            try:
                return _open(self.new, self._at(self.temporary), _NEW, mode, self._folder())
            except FileExistsError:
                self.temporary = None

    def _put(self):
        """Put the temporary file in its place, with the rights of what it replaces."""
        on_disk = False
        for _ in range(TRIES):
            rights = self._rights_due()
            if rights is None and on_disk:
                break
            if rights is not None:
                if self.rights is not None:
                    self._begin_again()
                _give_rights(self.new[-1], rights)
                self.rights = rights
            os.fsync(self.new[-1])
            on_disk = True
        else:
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))
        _close(self.new)
        _close(self.old)  # some file systems, of Windows or like its, let no open file be replaced
        folder = self._folder()
        os.replace(self._at(self.temporary), self._at(self.name), src_dir_fd=folder, dst_dir_fd=folder)
        self.temporary = None
        if os.name != "nt":
            self._sync_folder()

    def _rights_due(self):
        """The rights of what is there now, or was when it was opened, if the new file hasn't got them; else None."""
        if os.name == "nt":
            return None
        try:
            entry = os.stat(self._at(self.name), dir_fd=self._folder(), follow_symlinks=False)
            changed = (entry.st_dev, entry.st_ino) != self.identity
            if changed and not (stat.S_ISREG(entry.st_mode) and self._open_old()):
                raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))
        except FileNotFoundError:
            changed = False
        if not changed and self.rights is not None:
            return None
        rights = _rights(self.old[-1])
        return None if rights == self.rights else rights

    def _begin_again(self):
        """Take another temporary file: this one may have been opened by those whom its rights allowed that."""
        previous = self.new[-1]
        os.unlink(self._at(self.temporary), dir_fd=self._folder())
        self._create(0o600)
        os.lseek(previous, 0, os.SEEK_SET)
        with open(previous, "rb", closefd=False) as source, open(self.new[-1], "wb", closefd=False) as target:
            while block := source.read(1 << 16):
                target.write(block)

    def _sync_folder(self):
        """See to it that the folder's new entry is on the disk too, where the system can."""
        try:
            _open(self.folders, self.within or os.curdir, os.O_RDONLY | _DIRECTORY, folder=self._folder())
            os.fsync(self.folders[-1])
        except PermissionError:  # it may be written to, but not be read
            pass
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # not on this file system
                raise


# Descriptors


def _open(descriptors, path, flags, mode=0o666, folder=None):
    """Open a file. Its descriptor is the last one in the list from the moment on at which there is one."""
    descriptors.extend(map(partial(os.open, mode=mode, dir_fd=folder), (path,), (flags,)))
    return descriptors[-1]


def _close(descriptors):
    """Close all of them; none is in the list any more from the moment on at which it is closed."""
    while descriptors:
        try:
            any(map(os.close, map(descriptors.pop, [-1] * len(descriptors))))
        except OSError:
            pass


# Rights


def _rights(descriptor):
    """Who may do what with a file: its owner, group and permission bits, and its extended attributes."""
    status = os.fstat(descriptor)
    attributes = {}
    if hasattr(os, "listxattr"):
        try:
            names = os.listxattr(descriptor)
        except OSError:  # a file system that has none
            names = []
        for name in names:
            if name not in _ABOUT_CONTENT:
                try:
                    attributes[name] = os.getxattr(descriptor, name)
                except OSError:  # not ours to read
                    pass
    return status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode), attributes


def _give_rights(descriptor, rights):
    """Give a new file the rights of another, as far as that is allowed; what can't be kept is allowed to nobody."""
    uid, gid, mode, attributes = rights
    new_uid, new_gid, _, new_attributes = _rights(descriptor)
    acl = attributes.get(_ACL)
    for name, value in attributes.items():
        if name != _ACL and new_attributes.get(name) != value:
            _set_attribute(descriptor, name, value)
    if (uid, gid) != (new_uid, new_gid) and hasattr(os, "fchown"):
        try:
            os.fchown(descriptor, uid, gid)
        except OSError:
            mode &= ~(stat.S_ISUID | stat.S_ISGID)
            try:
                os.fchown(descriptor, -1, gid)
            except OSError:
                mode, acl = _for_another_group(mode, acl)
    if acl is not None:
        if not _set_attribute(descriptor, _ACL, acl):
            mode &= ~(stat.S_IRWXG | stat.S_IRWXO)  # it may have kept somebody from what all others may do
    elif _ACL in new_attributes:
        os.removexattr(descriptor, _ACL)  # the folder's default
    if stat.S_IMODE(os.fstat(descriptor).st_mode) != mode and hasattr(os, "fchmod"):
        os.fchmod(descriptor, mode)


def _set_attribute(descriptor, name, value):
    """Set an extended attribute, and return whether that was possible."""
    try:
        os.setxattr(descriptor, name, value)
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.EACCES, errno.ENOTSUP, errno.EINVAL):
            raise
        return False
    return True


def _for_another_group(mode, acl):
    """Permission bits and ACL of a file whose group couldn't be kept. Members of the new group were among all others
    before, and those of the old group are now: both may do what both could."""
    common = mode & mode >> 3 & 7
    if acl is None:
        return mode & ~0o77 | common << 3 | common, None
    # A version (4 bytes), then for each entry a tag (2), rights (2) and an id (4). The group's permission bits are the
    # mask.
    acl = bytearray(acl)
    rights = {int.from_bytes(acl[at : at + 2], "little"): at + 2 for at in range(4, len(acl), 8)}
    acl[rights[_GROUP]] = acl[rights[_OTHERS]] = common = common & acl[rights[_GROUP]]
    return mode & ~0o7 | common, bytes(acl)
