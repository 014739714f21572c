"""The memory of a cluster's workers that compute tiles of Gram matrices."""

from ntkcli.kernels.tiling import CHUNK_ROWS, TILE_ROWS, TILES_AT_ONCE
from ntkcli.planning.sizes import Sizes
from ntkcli.solvers.storage import Place

# The Gram matrices of a network; arrays of a product: the sum, what a strip adds, and a copy on its way.
GRAMS, PRODUCTS = 2, 3


def shared_bytes(sizes: Sizes, place: Place) -> int:
    """Bytes of what all tasks of a worker share: the rows, and the columns that a product is with."""
    rows = sizes.n + sizes.m
    return 8 * rows * (sizes.d + sizes.depth + 1) + (_columns_bytes(sizes) if place == "tiles" else 0)


def task_bytes(sizes: Sizes, place: Place) -> int:
    """Bytes of a task: tiles, a strip of a rectangle, or a product."""
    tiles = 8 * GRAMS * TILES_AT_ONCE * TILE_ROWS**2
    strip = 2 * 8 * CHUNK_ROWS * max(sizes.n, sizes.m)
    return max(tiles, strip, PRODUCTS * _columns_bytes(sizes) if place == "tiles" else 0)


def _columns_bytes(sizes: Sizes) -> int:
    """Bytes of the columns that a product is with: as many as rows are predicted at once, or outputs."""
    return 8 * sizes.n * max(CHUNK_ROWS, sizes.k)
