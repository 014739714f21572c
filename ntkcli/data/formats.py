"""The formats of files that hold a table, by the endings of their names."""

from pathlib import Path

from ntkcli.data.arrow_batches import is_columnar
from ntkcli.data.columnar_file import ColumnarFile
from ntkcli.data.csv_file import CsvFile
from ntkcli.data.remedies import OF_SPEC, Remedies
from ntkcli.data.table_file import TableFile
from ntkcli.spec.csv_format import CsvFormat


def open_table(path: Path, form: CsvFormat, remedies: Remedies = OF_SPEC) -> TableFile:
    """Open the table in a file.

    Args:
        path: where it is; its ending says what format it has.
        form: how it is written if it is a CSV file.
        remedies: what its user can do about what is wrong in it.

    Raises:
        SpecError: it takes a library that is not installed.
        DataError: it cannot be read, or its columns are not usable.
    """
    if is_columnar(path):
        return ColumnarFile(path, remedies)
    return CsvFile(path, remedies, form)
