"""The cells of a column of Arrow as numbers, or as the texts that pandas writes into a CSV file."""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.data.notation import Notation

if TYPE_CHECKING:
    import pyarrow as pa


def is_readable(kind: "pa.DataType") -> bool:
    """Return whether cells of a type are numbers, texts or something between."""
    import pyarrow.types as types

    if types.is_dictionary(kind):
        return is_readable(kind.value_type)
    tests: tuple[Callable[[object], bool], ...] = (
        *(types.is_integer, types.is_floating, types.is_decimal, types.is_boolean, types.is_null),
        *(types.is_string, types.is_large_string, types.is_string_view),
        *(types.is_date, types.is_time, types.is_timestamp),
    )
    return any(test(kind) for test in tests)


def texts_in(column: "pa.Array | pa.ChunkedArray") -> list[str]:
    """Return the cells of a column as texts, "" where there is no value."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.types as types

    kind = column.type
    if types.is_dictionary(kind):
        return texts_in(column.cast(kind.value_type))
    if types.is_floating(kind):
        values = column.cast(pa.float64()).to_pylist()
        return ["" if value is None or math.isnan(value) else repr(value) for value in values]
    if types.is_boolean(kind):
        return ["" if value is None else str(value) for value in column.to_pylist()]
    texts = column.cast(pa.large_string())
    if types.is_temporal(kind):
        # Whole seconds have no fraction, and offsets are hours and minutes.
        for pattern, text in (
            (r"\.0+([^0-9].*)?$", r"\1"),
            ("Z$", "+0000"),
            (r"([+-]\d\d)(\d\d)$", r"\1:\2"),
        ):
            texts = pc.replace_substring_regex(texts, pattern, text)
    return list(pc.fill_null(texts, "").to_pylist())


def numbers_in(column: "pa.ChunkedArray", notation: Notation) -> FloatArray:
    """Return the cells of a column as numbers: NaN where there is no value, infinite where no number is."""
    import pyarrow as pa
    import pyarrow.types as types

    kind = column.type
    if types.is_integer(kind) or types.is_floating(kind) or types.is_null(kind):
        return np.asarray(column.cast(pa.float64(), safe=False).to_numpy())
    return notation.values(texts_in(column))
