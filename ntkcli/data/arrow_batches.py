"""The rows of a Parquet or Arrow file in batches, of which a few are in memory at a time."""

from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ntkcli.errors import DataError, SpecError
from ntkcli.extras import is_installed

if TYPE_CHECKING:
    import pyarrow as pa

# Files that hold columns, by their endings; Feather is another name for Arrow's own format.
PARQUET, ARROW = (".parquet",), (".feather", ".arrow")
# Rows that are read at a time where nobody asks for fewer.
BATCH_ROWS = 1 << 16


def is_columnar(path: Path) -> bool:
    """Return whether the name of a file says that it holds columns."""
    return path.suffix.lower() in PARQUET + ARROW


def check_pyarrow(path: Path) -> None:
    """Check that files of columns can be read and written.

    Raises:
        SpecError: pyarrow is not installed.
    """
    if not is_installed("pyarrow"):
        raise SpecError(f"{path}: needs pyarrow: pip install 'ntkcli[parquet]'")


@contextmanager
def intact(path: Path) -> Iterator[None]:
    """Report a file that the `with` block finds damaged as a DataError."""
    import pyarrow as pa

    try:
        yield
    # What pyarrow raises of a damaged file is of many kinds: MemoryError, where it holds a size, too.
    except (
        pa.ArrowException,
        OSError,
        ValueError,
        KeyError,
        IndexError,
        MemoryError,
        OverflowError,
    ) as error:
        first = (str(error).splitlines() or [""])[0]
        raise DataError(
            f"{path}: the file is damaged, or of another format ({first}): make it again"
        ) from error


def columns_of(path: Path) -> list[tuple[str, "pa.DataType"]]:
    """Return the names and types of a file's columns.

    Raises:
        DataError: it is damaged.
    """
    import pyarrow.parquet as pq

    with intact(path):
        if path.suffix.lower() in PARQUET:
            return _columns(pq.read_schema(path))
        with _arrow_reader(path, None) as reader:
            return _columns(reader.schema)


def _columns(schema: "pa.Schema") -> list[tuple[str, "pa.DataType"]]:
    return [(field.name, field.type) for field in schema]


def batches(path: Path, columns: list[str], rows: int = BATCH_ROWS) -> Iterator["pa.RecordBatch"]:
    """Yield the rows of a file in batches.

    Args:
        path: of the file.
        columns: that are read; no two of the file have the same name.
        rows: the most in a batch.

    Raises:
        DataError: the file is damaged.
    """
    found = _parquet(path, columns, rows) if path.suffix.lower() in PARQUET else _arrow(path, columns, rows)
    with closing(found):
        while True:
            with intact(path):
                batch = next(found, None)
                if batch is None:
                    return
                batch.validate(full=True)
            yield batch


def tables(parts: Iterator["pa.RecordBatch"], rows: int | None) -> Iterator["pa.Table"]:
    """Yield batches as tables of so many rows, the last with what is left; None for one table of all."""
    import pyarrow as pa

    held: list[pa.RecordBatch] = []
    count = 0
    for batch in parts:
        while rows is not None and count + len(batch) >= rows:
            yield pa.Table.from_batches([*held, batch.slice(0, rows - count)])
            batch, held, count = batch.slice(rows - count), [], 0
        if len(batch):
            held.append(batch)
            count += len(batch)
    if held:
        yield pa.Table.from_batches(held)


def _parquet(path: Path, columns: list[str], rows: int) -> Generator["pa.RecordBatch"]:
    import pyarrow.parquet as pq

    # Buffered beforehand, all row groups would be in memory.
    with pq.ParquetFile(path, pre_buffer=False) as file:
        for batch in file.iter_batches(batch_size=rows, columns=columns):
            # A name with a dot in it may have brought others.
            yield batch.select(columns)


def _arrow(path: Path, columns: list[str], rows: int) -> Generator["pa.RecordBatch"]:
    with _arrow_reader(path, columns) as reader:
        count = getattr(reader, "num_record_batches", None)
        found = reader if count is None else map(reader.get_batch, range(count))
        for batch in found:
            for start in range(0, len(batch), rows):
                yield batch.slice(start, rows).select(columns)


@contextmanager
def _arrow_reader(path: Path, columns: list[str] | None) -> Iterator[Any]:
    """Open a file of Arrow's, which is one to be looked up in, or a stream."""
    import pyarrow as pa

    with pa.OSFile(str(path)) as file:
        is_stream = file.read(6) != b"ARROW1"
        file.seek(0)
        open_it = pa.ipc.open_stream if is_stream else pa.ipc.open_file
        if columns is not None:
            with open_it(file) as reader:
                places = [reader.schema.get_field_index(name) for name in columns]
            file.seek(0)
            options = pa.ipc.IpcReadOptions(included_fields=places)
        else:
            options = pa.ipc.IpcReadOptions()
        with open_it(file, options=options) as reader:
            yield reader
