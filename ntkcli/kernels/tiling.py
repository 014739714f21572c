"""How matrices are cut into tiles and strips of rows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

# Rows and columns of a tile: what a thread works on at once then fits its share of the cache.
TILE_ROWS = 256
# Rows of a rectangle that is streamed: few enough not to matter for memory, enough to keep BLAS busy.
CHUNK_ROWS = 128
# Tiles that are sent together, of a matrix that is computed elsewhere.
TILES_AT_ONCE = 64
# Entries whose products are added up before they are sent: some tenths of a second, and more than the sums.
GROUP_ENTRIES = 2**25


@dataclass(frozen=True)
class Tile:
    """Some rows and some columns of a matrix."""

    rows: slice
    columns: slice

    @property
    def is_diagonal(self) -> bool:
        """Whether the tile lies on the diagonal of a symmetric matrix, which is cut alike on both sides."""
        return self.rows == self.columns


@dataclass(frozen=True)
class BlockTile(Tile):
    """A tile of the lower triangle of a matrix that is stored in blocks.

    block: the place (i, j) of its block.
    within: the rows and columns of the block that it covers.
    """

    block: tuple[int, int]
    within: tuple[slice, slice]


def strips(span: slice, length: int) -> Iterator[slice]:
    """Cut a range of rows into pieces of `length`; the last may be shorter."""
    for start in range(span.start, span.stop, length):
        yield slice(start, min(start + length, span.stop))


def strip_groups(n: int, length: int) -> list[list[slice]]:
    """Groups of strips of the rows of a lower triangle, the longest strips first, alike in their entries.

    Args:
        n: rows of the matrix.
        length: rows of a strip.
    """
    groups: list[list[slice]] = []
    entries = GROUP_ENTRIES
    for strip in reversed([*strips(slice(0, n), length)]):
        if entries >= GROUP_ENTRIES:
            groups.append([])
            entries = 0
        groups[-1].append(strip)
        entries += (strip.stop - strip.start) * strip.stop
    return groups


def rectangle_tiles(rows: int, columns: int, length: int) -> list[Tile]:
    """All tiles of a matrix (rows, columns), one strip of rows after the other."""
    return [Tile(a, b) for a in strips(slice(0, rows), length) for b in strips(slice(0, columns), length)]


def upper_tiles(n: int, length: int) -> list[Tile]:
    """The tiles of the upper triangle of a matrix (n, n), one strip of columns after the other."""
    cuts = list(strips(slice(0, n), length))
    return [Tile(a, b) for j, b in enumerate(cuts) for a in cuts[: j + 1]]


def lower_tiles(n: int, length: int) -> list[Tile]:
    """The tiles of the lower triangle of a matrix (n, n), one strip of rows after the other."""
    return [Tile(tile.columns, tile.rows) for tile in upper_tiles(n, length)]


def block_tiles(spans: Sequence[slice], length: int) -> list[BlockTile]:
    """The tiles of the lower triangle of a matrix in blocks, one strip of rows of a block after the other.

    The diagonal tile is the last one of its rows.

    Args:
        spans: the rows of the matrix by block.
        length: rows and columns of a tile.
    """
    return [
        BlockTile(strip, columns, (i, j), (_shift(strip, span.start), _shift(columns, spans[j].start)))
        for i, span in enumerate(spans)
        for j in range(i + 1)
        for strip in strips(span, length)
        for columns in strips(spans[j], length)
        if columns.start <= strip.start
    ]


def _shift(span: slice, origin: int) -> slice:
    return slice(span.start - origin, span.stop - origin)
