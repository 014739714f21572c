"""Mutations of tables: of the cells and the bytes of CSV, and of the bytes of Parquet."""

import bz2
import gzip
from collections.abc import Callable
from random import Random

from tests.reliability.byte_mutations import mutated_bytes

CELLS = [
    "", " ", "NA", "nan", "null", "-", "?", "inf", "-inf", "1e400", "-1e400", "1e-400", "1,5", "1.000,5",
    "1 000", "1_000", "0x10", "1e5", "1E+5", "+1", "--1", "1.", ".5", "1.2.3", "007", "00", "1e", "12%",
    "$5", "5 kg", "true", "False", "\u0661\u0662", "\uff11\uff12", "\u22121", "1\xa0000",
    "123456789012345678901", "0.1234567890123456789", "9007199254740993", "1e22", "5e-324", "1" * 400,
    "x" * 70_000, "2024-01-01", "2024-02-30", "01/02/2024", "2024-01-01T12:00:00Z",
    "2024-03-31 02:30:00+01:00", "12:30", "0000-00-00", "99999-01-01", '"', '""', '"a', 'a"b', '"1,2"',
    '"1\n2"', "'1'", "=1+1", "\0", "\x1a", "\x1b[2J", "\ufeff1", "\u200b1", "a", "b", "é", "\ud800",
]  # fmt: skip
SEPARATORS = [b";", b"\t", b"|", b" ", b"  ", b",,", b", ", b":"]
ENDS = [b"\r\n", b"\r", b"\n\n", b"\n\r", b"\x0b", b"\x85", b"\xe2\x80\xa8", b""]


def mutated_csv(rng: Random, data: bytes) -> bytes:
    """Return the bytes of a CSV file with one to three mutations."""
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        data = rng.choice(_MUTATIONS)(rng, data)
    return data


def compressed(rng: Random, data: bytes) -> tuple[str, bytes]:
    """Return a suffix and the bytes compressed, which may be mutated too."""
    suffix = rng.choice([".gz", ".bz2"])
    packed = gzip.compress(data) if suffix == ".gz" else bz2.compress(data)
    return suffix, mutated_bytes(rng, packed) if rng.random() < 0.5 else packed


def _rows(data: bytes) -> list[list[bytes]]:
    return [line.split(b",") for line in data.split(b"\n")]


def _joined(rows: list[list[bytes]]) -> bytes:
    return b"\n".join(b",".join(row) for row in rows)


def _cell(rng: Random, data: bytes) -> bytes:
    rows = _rows(data)
    row = rng.choice(rows)
    row[rng.randrange(len(row))] = rng.choice(CELLS).encode(errors="surrogatepass")
    return _joined(rows)


def _column(rng: Random, data: bytes) -> bytes:
    """Put odd cells into a whole column, but for its name."""
    rows = _rows(data)
    column, cells = rng.randrange(len(rows[0])), rng.sample(CELLS, rng.choice([1, 1, 2, 3]))
    for row in rows[1:]:
        if column < len(row) and len(row) > 1:
            row[column] = rng.choice(cells).encode(errors="surrogatepass")
    return _joined(rows)


def _shown_otherwise(rng: Random, data: bytes) -> bytes:
    """Write a column's numbers in another way that means the same, to pandas at least."""
    rows, column = _rows(data), rng.randrange(4)
    form = rng.choice(
        ["{:+.17g}", "{:.3e}", "{:.20f}", "{:.0f}", " {:g}", '"{:g}"', "{:g}.", "{:E}", "{:,.2f}"]
    )
    for row in rows[1:]:
        try:
            row[column] = form.format(float(row[column])).encode()
        except (ValueError, IndexError):
            continue
    return _joined(rows)


def _ragged(rng: Random, data: bytes) -> bytes:
    rows = _rows(data)
    row = rng.choice(rows)
    if rng.random() < 0.5:
        row.append(b"1")
    else:
        row.pop()
    return _joined(rows)


def _header(rng: Random, data: bytes) -> bytes:
    rows = _rows(data)
    names = rows[0]
    match rng.randrange(5):
        case 0:
            names[rng.randrange(len(names))] = rng.choice(names)
        case 1:
            rows.insert(rng.randint(0, len(rows)), list(names))
        case 2:
            rows.pop(0)
        case 3:
            rng.shuffle(names)
        case 4:
            names[rng.randrange(len(names))] = rng.choice(CELLS).encode(errors="surrogatepass")
    return _joined(rows)


def _separators(rng: Random, data: bytes) -> bytes:
    return data.replace(b",", rng.choice(SEPARATORS), rng.choice([-1, 1, 5]))


def _ends(rng: Random, data: bytes) -> bytes:
    return data.replace(b"\n", rng.choice(ENDS), rng.choice([-1, 1, 5]))


def _rows_few_or_doubled(rng: Random, data: bytes) -> bytes:
    rows = _rows(data)
    return _joined(rng.choice([rows[:1], rows[:2], rows[:3], rows + rows[1:], rows[:1] + rows[1:2] * 40]))


def _recoded(rng: Random, data: bytes) -> bytes:
    text = data.decode(errors="replace")
    return text.encode(rng.choice(["utf-16", "utf-16-be", "utf-32", "utf-8-sig", "cp1252"]), errors="replace")


_MUTATIONS: list[Callable[[Random, bytes], bytes]] = [
    mutated_bytes, mutated_bytes, _cell, _cell, _cell, _column, _column, _shown_otherwise, _shown_otherwise,
    _ragged, _header, _separators, _ends, _rows_few_or_doubled, _recoded,
]  # fmt: skip
