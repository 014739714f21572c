"""Changes of names and folders: made, renamed, swapped, copied and deleted."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ntkcli.files.disk import NOT_THERE, sync_folder
from ntkcli.files.watch import tell
from ntkcli.files.written_file import opened

# Of renameat2 in Linux: https://man7.org/linux/man-pages/man2/rename.2.html
AT_FDCWD, RENAME_EXCHANGE = -100, 2


def rename(old: Path, new: Path) -> None:
    """Rename a file or folder, in the place of a file or an empty folder; the disk has it then."""
    tell("rename", new)
    os.replace(old, new)  # noqa: PTH105 - Path.rename differs between systems
    sync_folder(new.parent)


def exchange(one: Path, other: Path) -> bool:
    """Have two files or folders swap their names in one step; False where the system cannot.

    Raises:
        OSError: it can, and it failed.
    """
    import ctypes

    renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if renameat2 is None:
        return False
    tell("exchange", other)
    if renameat2(AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other), RENAME_EXCHANGE) == 0:
        sync_folder(other.parent)
        return True
    code = ctypes.get_errno()
    if code in NOT_THERE:
        return False
    raise OSError(code, os.strerror(code), str(other))


def link(new: Path, old: Path) -> None:
    """Give a file a second name, which is not there yet."""
    tell("link", new)
    new.hardlink_to(old)
    sync_folder(new.parent)


def touch(path: Path) -> None:
    """Set the time of a file to now."""
    tell("touch", path)
    os.utime(path)


def make_folder(path: Path, *, parents: bool = False, exist_ok: bool = False) -> None:
    """Make a folder.

    Args:
        path: of the folder.
        parents: whether the folders that it is to be in are made too.
        exist_ok: whether it may be there already.

    Raises:
        OSError: it cannot be made.
    """
    if parents and not path.parent.exists():
        make_folder(path.parent, parents=True, exist_ok=True)
    if not (exist_ok and path.is_dir()):
        tell("make_folder", path)
        path.mkdir(exist_ok=exist_ok)


def remove(path: Path) -> None:
    """Delete a file or a link, if it is there."""
    tell("remove", path)
    path.unlink(missing_ok=True)


def remove_folder(path: Path) -> None:
    """Delete an empty folder."""
    tell("remove_folder", path)
    path.rmdir()


def remove_tree(path: Path) -> None:
    """Delete a file, a link, or a folder with all that is in it, if it is there."""
    if path.is_symlink() or not path.is_dir():
        remove(path)
        return
    for entry in path.iterdir():
        remove_tree(entry)
    remove_folder(path)


def copy_tree(source: Path, target: Path) -> None:
    """Copy a file, or a folder with all that is in it, to a place where nothing is."""
    if source.is_dir():
        make_folder(target)
        for entry in source.iterdir():
            copy_tree(entry, target / entry.name)
        return
    with source.open("rb") as read, opened(target, "xb") as written:
        shutil.copyfileobj(read, written)


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Yield a folder of temporary files, which is deleted with all that is in it when the block ends."""
    import tempfile

    tell("make_folder", Path(tempfile.gettempdir()))
    folder = Path(tempfile.mkdtemp(prefix="ntk-"))
    try:
        yield folder
    finally:
        with suppress(OSError):
            remove_tree(folder)
