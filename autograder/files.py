"""Write files that hold grades or secrets, whole or not at all and for nobody else to read; and read the files of strangers.

Files are made with mode 0600 and folders with 0700, whatever the umask. Where several graders share the folder above (their
group may write in it), the group has the same rights as the owner; others never have any.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from autograder.errors import Ungradable, UsageError

PACKAGE = Path(__file__).parent  # of the kit itself


def write_whole(path: Path, content: str | bytes, shown: bool = False) -> None:
    """Write a file so that a reader sees the old content or the new one, never half of it.

    Args:
        shown: whether whoever reaches the folder may read the file, as nbgrader's release_feedback copies it, mode and all.
    """
    with _draft(path, content) as draft:
        if shown:
            draft.chmod(0o644)
        os.replace(draft, path)


def copy_whole(source: Path, path: Path) -> None:
    """Copy a file as ``write_whole`` writes one, however large it is."""
    with _draft(path, "") as draft:
        shutil.copyfile(source, draft)
        os.replace(draft, path)


def write_new(path: Path, content: str | bytes) -> None:
    """Write a file as a whole unless it exists; of two writers at a time one wins."""
    if path.exists():
        return
    with _draft(path, content) as draft:
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        except OSError:  # a file system without hard links
            os.replace(draft, path)


def make_folder(path: Path) -> None:
    """Make a folder, and those above it that are missing."""
    if path.is_dir():
        return
    make_folder(path.parent)
    with contextlib.suppress(FileExistsError):
        path.mkdir(mode=0o700)
        share(path)


def ensure_writable(path: Path) -> None:
    """See that ``path`` can be written, before work is done whose result would be lost.

    Raises:
        UsageError: it cannot.
    """
    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        with _draft(path, ""):
            pass
    except OSError as error:
        raise UsageError(f"{path}: cannot be written ({error.strerror}). Name another file.") from error


def ensure_changeable(path: Path) -> None:
    """See that a file can be written, or files be made below a folder; either may be missing yet.

    Raises:
        UsageError: it cannot.
    """
    there = next(found for found in (path, *path.parents) if found.exists())
    if not os.access(there, os.W_OK | (os.X_OK if there.is_dir() else 0)):
        raise UsageError(
            f"{there}: you may not write here, and nothing could be recorded. See whose it is, then run this again.",
            code="no-rights",
        )


@contextlib.contextmanager
def _draft(path: Path, content: str | bytes) -> Iterator[Path]:
    """A new file beside ``path``; it is gone afterwards unless it was renamed."""
    make_folder(path.parent)
    draft = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    draft.unlink(missing_ok=True)  # of a process that had our number and was killed
    try:
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            share(draft)
            file.write(content.encode() if isinstance(content, str) else content)
        yield draft
    finally:
        draft.unlink(missing_ok=True)


def share(made: Path) -> None:
    """Give the group that shares the folder above the owner's rights to what was just made."""
    group = made.parent.stat().st_gid
    if not is_shared(made.parent):
        return
    if made.stat().st_gid != group:  # the folder does not pass its group on
        try:
            os.chown(made, -1, group)
        except PermissionError:  # whoever made it is not in the group
            return
    mode = stat.S_IMODE(made.stat().st_mode)
    made.chmod(mode | (mode & 0o700) >> 3 | (stat.S_ISGID if made.is_dir() else 0))


def keep_private(path: Path) -> None:
    """Make a file unless it exists, and where it is ours take the rights of others; a group that shares its folder keeps its own."""
    write_new(path, b"")
    mode = stat.S_IMODE(path.stat().st_mode)
    kept = mode & (0o770 if is_shared(path.parent) else 0o700)
    if kept != mode:
        with contextlib.suppress(PermissionError):  # somebody else's, who has to
            path.chmod(kept)


def is_regular(path: Path) -> bool:
    """Whether there is a file, and no link to one."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


@contextlib.contextmanager
def open_regular(path: Path) -> Iterator[BinaryIO | None]:
    """Open a file that somebody else made; None where it is a pipe or another special file. Follow no link, wait for no pipe.

    Raises:
        OSError: it cannot be opened, as a link cannot either.
    """
    with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
        yield file if stat.S_ISREG(os.fstat(file.fileno()).st_mode) else None


def read_regular(path: Path, most: int) -> bytes | None:
    """Return the first ``most`` bytes of a file that somebody else made; None where it is no regular file or cannot be read."""
    try:
        with open_regular(path) as file:
            return None if file is None else file.read(most)
    except OSError:
        return None


def read_notebook(path: Path, limit_mib: int) -> bytes:
    """Return the content of a file that was handed in, without interpreting it.

    Raises:
        Ungradable: it is too large, or cannot be read.
    """
    most = limit_mib << 20
    try:
        with open_regular(path) as file:
            if file is None:
                raise Ungradable(
                    f"{path.name}: is not a file. Hand in the .ipynb file that Jupyter saved.", code="no-notebook"
                )
            data, size = file.read(most + 1), os.fstat(file.fileno()).st_size
    except OSError as error:
        raise Ungradable(f"{path.name}: cannot be read ({error.strerror}).") from error
    if len(data) <= most:
        return data
    raise Ungradable(
        f"{path.name}: has {size / 2**20:.0f} MiB; the limit is {limit_mib} MiB. "
        "Clear the outputs (Kernel > Restart and Clear Output), save, and hand in again.",
        code="too-large",
    )


@contextlib.contextmanager
def lock(path: Path, wait: bool) -> Iterator[bool]:
    """Have a file locked, which ends with this process at the latest. It says whether that is so: with ``wait`` it is."""
    import fcntl  # Windows has none; there this module is imported all the same

    write_new(path, b"")
    with open(path, "rb+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
            locked = True
        except BlockingIOError:
            locked = False
        yield locked


def is_shared(folder: Path) -> bool:
    """Whether a folder belongs to a group, such as that of the graders: who may write in it, and others may not."""
    mode = folder.stat().st_mode
    return bool(mode & stat.S_IWGRP) and not mode & stat.S_IWOTH
