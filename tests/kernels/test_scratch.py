from concurrent.futures import ThreadPoolExecutor

import numpy as np

from ntkcli.kernels.scratch import Scratch, thread_scratch


def test_arrays_of_one_take_do_not_overlap() -> None:
    arrays = Scratch().take((4, 5), 3)
    for value, array in enumerate(arrays):
        array.fill(value)
    assert [array.min() for array in arrays] == [array.max() for array in arrays] == [0, 1, 2]


def test_a_smaller_tile_uses_the_same_memory() -> None:
    scratch = Scratch()
    large, small = scratch.take((4, 5), 2), scratch.take((3, 2), 2)
    assert [np.shares_memory(a, b) for a in large for b in small] == [True, False, False, True]


def test_a_smaller_tile_is_contiguous() -> None:
    (tile,) = Scratch().take((3, 2), 1)
    assert tile.shape == (3, 2)
    assert tile.flags.c_contiguous


def test_a_larger_tile_gets_larger_arrays() -> None:
    scratch = Scratch()
    scratch.take((3, 2), 2)
    assert [array.shape for array in scratch.take((4, 5), 2)] == [(4, 5), (4, 5)]


def test_every_thread_has_arrays_of_its_own() -> None:
    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(thread_scratch).result()
    assert thread_scratch() is thread_scratch()
    assert other is not thread_scratch()
