from pathlib import Path

import numpy as np
import pytest

from ntkcli.arrays import FloatArray
from ntkcli.runs.npy_files import save_array, write_panels


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("cuts", [[], [3], [1, 2, 6], [7]])
def test_a_matrix_written_in_panels_loads_as_one(tmp_path: Path, dtype: str, cuts: list[int]) -> None:
    matrix = np.random.default_rng(0).normal(size=(7, 3)).astype(dtype)
    write_panels(tmp_path / "m.npy", matrix.shape, dtype, iter(np.split(matrix, cuts)))
    found = np.load(tmp_path / "m.npy", allow_pickle=False)
    assert found.dtype == matrix.dtype
    np.testing.assert_array_equal(found, matrix)


def test_the_file_is_what_numpy_saves(tmp_path: Path) -> None:
    matrix = np.random.default_rng(0).normal(size=(4, 5))
    np.save(tmp_path / "whole.npy", matrix)
    write_panels(tmp_path / "panels.npy", (4, 5), np.float64, [matrix[:1], np.asfortranarray(matrix[1:])])
    assert (tmp_path / "panels.npy").read_bytes() == (tmp_path / "whole.npy").read_bytes()


def test_a_matrix_can_be_mapped_into_memory(tmp_path: Path) -> None:
    matrix = np.arange(6.0).reshape(2, 3)
    write_panels(tmp_path / "m.npy", (2, 3), np.float64, [matrix])
    mapped = np.load(tmp_path / "m.npy", mmap_mode="r")
    assert isinstance(mapped, np.memmap)
    np.testing.assert_array_equal(mapped, matrix)


def test_panels_are_cast_to_the_type_of_the_file(tmp_path: Path) -> None:
    matrix = np.random.default_rng(0).normal(size=(4, 2))
    write_panels(tmp_path / "m.npy", (4, 2), "float32", [matrix[::2], matrix[1::2]])
    np.testing.assert_array_equal(np.load(tmp_path / "m.npy"), matrix[[0, 2, 1, 3]].astype("float32"))


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6.0),
        np.arange(12.0)[::2],
        np.arange(6.0).reshape(2, 3),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.arange(24.0).reshape(4, 6)[::2, ::3],
        np.arange(24.0, dtype="float32").reshape(2, 3, 4).transpose(2, 0, 1),
        np.empty((0, 3)),
        np.float64(1.5).reshape(()),
    ],
    ids=["line", "strided line", "rows", "columns", "strided", "turned", "empty", "number"],
)
def test_an_array_is_saved_as_numpy_saves_it(tmp_path: Path, array: FloatArray) -> None:
    np.save(tmp_path / "theirs.npy", array)
    save_array(tmp_path / "ours.npy", array)
    assert (tmp_path / "ours.npy").read_bytes() == (tmp_path / "theirs.npy").read_bytes()
