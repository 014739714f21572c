import errno
import os
import re
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from ntkcli.arrays import in_memory, let_go
from ntkcli.errors import ResourceError
from ntkcli.files.disk import FULL
from ntkcli.linalg.blocks import SymmetricBlocks
from ntkcli.linalg.cholesky import Cholesky
from ntkcli.runs.block_files import in_file


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_memory_in_a_file_is_a_flat_array_to_write_to(tmp_path: Path, dtype: npt.DTypeLike) -> None:
    found = in_file(tmp_path)(1000, np.dtype(dtype))
    assert (found.shape, found.dtype) == ((1000,), np.dtype(dtype))
    found[:] = np.arange(1000)
    assert found.sum() == 499500


def test_the_file_has_no_name_in_its_folder(tmp_path: Path) -> None:
    found = in_file(tmp_path)(1000, np.dtype(np.float64))
    found[:] = 1.0
    assert list(tmp_path.iterdir()) == []


def test_the_array_maps_a_file_of_the_folders_disk(tmp_path: Path) -> None:
    found = in_file(tmp_path)(1000, np.dtype(np.float64))
    base: object = found
    while isinstance(base, np.ndarray) and not isinstance(base, np.memmap):
        base = base.base
    assert isinstance(base, np.memmap)


def test_arrays_do_not_share_memory(tmp_path: Path) -> None:
    allocate = in_file(tmp_path)
    first, second = (allocate(10, np.dtype(np.float64)) for _ in range(2))
    first[:], second[:] = 1.0, 2.0
    assert (float(first.sum()), float(second.sum())) == (10.0, 20.0)


def test_no_file_stays_open_when_the_array_is_gone(tmp_path: Path) -> None:
    descriptors = Path("/proc/self/fd")
    if not descriptors.exists():
        pytest.skip("there is no /proc to count open files in")
    before = len(list(descriptors.iterdir()))
    arrays = [in_file(tmp_path)(10, np.dtype(np.float64)) for _ in range(5)]
    del arrays
    assert len(list(descriptors.iterdir())) == before


def test_the_disk_is_taken_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = []
    monkeypatch.setattr(os, "posix_fallocate", lambda _, start, size: taken.append((start, size)))
    monkeypatch.setattr(np, "memmap", lambda *_, shape, **__: np.empty(shape))
    in_file(tmp_path)(1000, np.dtype(np.float32))
    assert taken == [(0, 4000)]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_full_disk_is_refused_with_a_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def refuse(*args: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "posix_fallocate", refuse)
    with pytest.raises(
        ResourceError, match=f"not enough disk under {tmp_path} .*{re.escape(FULL[code])}.*--out"
    ):
        in_file(tmp_path)(1000, np.dtype(np.float64))
    assert list(tmp_path.iterdir()) == []


def test_without_fallocate_the_file_is_as_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "posix_fallocate")
    found = in_file(tmp_path)(1000, np.dtype(np.float64))
    found[-1] = 3.0
    assert found[-1] == 3.0


def test_a_factorisation_works_on_the_file_itself(tmp_path: Path) -> None:
    """In place, as in memory, and to the same bits."""
    factor = np.random.default_rng(0).normal(size=(50, 60))
    matrix, pivots = factor @ factor.T, []
    for allocate in (in_memory, in_file(tmp_path)):
        blocks = SymmetricBlocks(50, block_rows=20, allocate=allocate)
        for i, rows in enumerate(blocks.spans):
            for j, columns in enumerate(blocks.spans[: i + 1]):
                blocks[i, j][:] = matrix[rows, columns]
        Cholesky(blocks)
        pivots.append(blocks.diagonal)
    np.testing.assert_array_equal(pivots[0], pivots[1])
    np.testing.assert_allclose(pivots[0], np.linalg.cholesky(matrix).diagonal(), rtol=1e-12)


def test_a_fault_that_is_not_of_space_is_not_told_as_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "posix_fallocate", refuse, raising=False)
    with pytest.raises(OSError, match=os.strerror(errno.EIO)):
        in_file(tmp_path)(10, np.dtype(np.float64))


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="tells memory by /proc")
def test_what_is_let_go_leaves_memory_and_is_still_there(tmp_path: Path) -> None:
    found = in_file(tmp_path)(2**21, np.dtype(np.float64))
    found[:] = np.arange(2**21)
    before = resident_of_files()
    let_go(found[5:])
    assert before - resident_of_files() > 8 * 2**20
    assert np.array_equal(found, np.arange(2**21))


def test_letting_go_of_an_array_in_memory_does_nothing() -> None:
    found = in_memory(10, np.dtype(np.float64))
    found[:] = 1.0
    let_go(found[2:])
    assert found.sum() == 10


def resident_of_files() -> int:
    """Bytes of files that this process has in memory."""
    status = Path("/proc/self/status").read_text().splitlines()
    return 1024 * sum(int(line.split()[1]) for line in status if line.startswith(("RssFile", "RssShmem")))
