"""Arrays in files of a store."""

import os
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np

from ntkcli.stores.entries import ENDING, Entry, entries
from ntkcli.stores.piece_file import Layout, PieceFile

# Numbers in each of the three pieces of an array.
SIZES = [10, 2000, 500]


def layout_of(name: str) -> Layout:
    return Layout({"name": name, "dtype": "float64"}, [8 * size for size in SIZES])


def path_of(folder: Path, name: str) -> Path:
    return folder / f"{layout_of(name).name}{ENDING}"


def keep(folder: Path, name: str, pieces: Sequence[int] = (0, 1, 2), used: float | None = None) -> Path:
    """Keep some pieces of an array, which was used so many seconds after 1970."""
    path = path_of(folder, name)
    file = PieceFile.opened(path, layout_of(name), 0.0)
    assert file is not None
    with closing(file):
        for piece in pieces:
            assert file.write(piece, np.full(SIZES[piece], piece + 0.5))
    if used is not None:
        os.utime(path, (used, used))
    return path


def entry(folder: Path) -> Entry:
    (found,) = entries(folder)
    return found


def change_byte(path: Path, place: int) -> None:
    """Change a byte of a file, and not when it was used."""
    used = path.stat().st_mtime
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)
    os.utime(path, (used, used))
