import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ntkcli.kernels import tiling
from ntkcli.kernels.tiling import Tile, block_tiles, rectangle_tiles, strip_groups, strips, upper_tiles
from ntkcli.linalg.blocks import SymmetricBlocks


@given(start=st.integers(0, 9), length=st.integers(0, 30), piece=st.integers(1, 12))
def test_strips_cover_a_span_once(start: int, length: int, piece: int) -> None:
    pieces = list(strips(slice(start, start + length), piece))
    assert [i for strip in pieces for i in range(strip.start, strip.stop)] == [*range(start, start + length)]
    assert len(pieces) == math.ceil(length / piece)


@pytest.mark.parametrize("length", [1, 3, 7, 20])
def test_tiles_cover_a_rectangle_once(length: int) -> None:
    counts = np.zeros((7, 11))
    for tile in rectangle_tiles(7, 11, length):
        counts[tile.rows, tile.columns] += 1
    assert np.all(counts == 1)


@pytest.mark.parametrize("length", [1, 3, 7, 20])
def test_tiles_cover_the_upper_triangle_once(length: int) -> None:
    counts = np.zeros((11, 11))
    for tile in upper_tiles(11, length):
        counts[tile.rows, tile.columns] += 1
    assert np.all(counts[np.triu_indices(11)] == 1)
    assert counts.max() == 1


@pytest.mark.parametrize("block_rows", [4, 5, 64])
@pytest.mark.parametrize("length", [1, 3, 7, 20])
def test_tiles_cover_the_lower_triangle_of_every_block_once(length: int, block_rows: int) -> None:
    counts = SymmetricBlocks(13, block_rows=block_rows)
    counts.flat[:] = 0
    for tile in block_tiles(counts.spans, length):
        counts[tile.block][tile.within] += 1
        rows, columns = (counts.spans[i] for i in tile.block)
        assert (tile.rows.start, tile.columns.start) == (
            tile.within[0].start + rows.start,
            tile.within[1].start + columns.start,
        )
    assert np.all(counts.to_array() == 1)
    assert counts.flat.max() == 1


@pytest.mark.parametrize("entries", [1, 60, 10**6])
def test_groups_of_strips_cover_a_lower_triangle_once_from_its_longest_rows_on(
    monkeypatch: pytest.MonkeyPatch, entries: int
) -> None:
    monkeypatch.setattr(tiling, "GROUP_ENTRIES", entries)
    groups = strip_groups(50, 4)
    assert [strip for group in groups for strip in group] == [*strips(slice(0, 50), 4)][::-1]
    sizes = [sum(strip.stop * (strip.stop - strip.start) for strip in group) for group in groups]
    assert all(entries <= size < entries + 4 * 50 for size in sizes[:-1])


def test_a_diagonal_tile_is_the_last_one_of_its_rows() -> None:
    finished = set()
    for tile in block_tiles([slice(0, 5), slice(5, 9)], 2):
        assert tile.rows.start not in finished
        if tile.is_diagonal:
            finished.add(tile.rows.start)
    assert finished == {0, 2, 4, 5, 7}


def test_a_tile_is_diagonal_if_its_rows_are_its_columns() -> None:
    assert Tile(slice(2, 4), slice(2, 4)).is_diagonal
    assert not Tile(slice(2, 4), slice(0, 2)).is_diagonal
