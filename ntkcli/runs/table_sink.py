"""A file, or standard output, to which a table is written some rows at a time: as CSV, Parquet or Arrow."""

import gzip
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import IO, cast

import pandas as pd

from ntkcli.data.arrow_batches import PARQUET, check_pyarrow, is_columnar
from ntkcli.files.written_file import opened
from ntkcli.runs.output_file import OutputFile, standard_output
from ntkcli.streams import STANDARD

Write = Callable[[pd.DataFrame], None]


@contextmanager
def table_sink(
    path: Path | None, *, overwrite: bool = False, kept: Mapping[Path, str] | None = None
) -> Iterator[Write]:
    """Yield a function that writes the next rows of a table; a file appears whole or not at all.

    Args:
        path: the file, Parquet or Arrow by its ending, else CSV, gzip-compressed where it ends in .gz; None
            is standard output.
        overwrite: whether a file that is already there is replaced.
        kept: files that are never replaced, and folders that nothing is written into, with descriptions.

    Raises:
        SpecError: the file is one of those kept, or its name asks for a compression other than gzip,
            or for a library that is not installed.
        RunDirectoryError: the file is already there, or cannot be written.
        ResourceError: the disk is full.
    """
    output = OutputFile(path or STANDARD, overwrite, kept or {})
    if output.is_stdout:
        output.check()
        with standard_output() as stdout:
            yield _writer(stdout)
        return
    if is_columnar(output.path):
        check_pyarrow(output.path)
        with output.opened() as raw, _columns(raw, is_parquet=output.path.suffix.lower() in PARQUET) as write:
            yield write
        return
    with output.opened() as raw, _compressed(raw) if output.is_compressed else nullcontext(raw) as file:
        yield _writer(file)


def _writer(file: IO[str] | IO[bytes]) -> Write:
    header = True

    def write(rows: pd.DataFrame) -> None:
        nonlocal header
        rows.to_csv(file, index=False, header=header, lineterminator="\n")
        header = False

    return write


@contextmanager
def _columns(raw: IO[bytes], *, is_parquet: bool) -> Iterator[Write]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    with ExitStack() as stack:
        schema = writer = None

        def write(rows: pd.DataFrame) -> None:
            nonlocal schema, writer
            if schema is None:
                schema = pa.Schema.from_pandas(rows, preserve_index=False)
                opened = pq.ParquetWriter(raw, schema) if is_parquet else pa.ipc.new_file(raw, schema)
                writer = stack.enter_context(opened)
            writer.write_table(pa.Table.from_pandas(rows, schema=schema, preserve_index=False))

        yield write


@contextmanager
def _compressed(raw: IO[bytes]) -> Iterator[IO[bytes]]:
    # Without name and time, the same rows give the same bytes.
    with gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as archive:
        yield cast("IO[bytes]", archive)


def write_csv(path: Path, table: pd.DataFrame) -> None:
    """Write a CSV file of a table."""
    with opened(path) as file:
        _writer(file)(table)
