"""What a column of text is taken for: a boolean or a category, where it does not look like something else."""

import re

import pandas as pd

from ntkcli.data.cells import check_no_slip, is_missing
from ntkcli.data.date_reading import is_date
from ntkcli.data.faults import MISSING, Fault, shown
from ntkcli.data.feature import TRUTH, Feature, category_order
from ntkcli.data.table_error import TableError
from ntkcli.data.table_file import TableFile
from ntkcli.spec.missing import Rule

DATE = re.compile(
    r"\d{4}[-/.]\d{1,2}([-/.]\d{1,2})?([T ].*)?|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}( .*)?|\d{1,2}:\d{2}(:\d{2})?"
)
# Amounts as people write them: 2,5 and 1 000 and 12% and $3.
AMOUNT = re.compile(r"[-+]?[$\u20ac\u00a3]?[-+]?\d+([., _'\u00a0]\d+)*[., ]?[%$\u20ac\u00a3]?")
# More different texts than half of the rows are names, not categories; small tables are spared.
FEW_ROWS = 20


def text_feature(cells: pd.Series, file: TableFile, *, listed: bool, gap: Rule) -> Feature:
    """Return the feature that a column of text is, by its cells in training: a boolean or a category.

    Args:
        cells: of all training rows.
        file: that they are from.
        listed: whether the spec lists the column as categorical, so that it is one whatever it looks like.
        gap: what becomes of a cell that holds no value.

    Raises:
        DataError: the cells look like dates, names, or numbers with a typing error among them.
    """
    name = str(cells.name)
    categories = category_order({str(text) for text in cells} - MISSING)
    if not listed:
        if {text.lower() for text in categories} <= TRUTH.keys() and categories and gap != "category":
            return Feature(name=name, kind="boolean")
        _check_looks(name, cells, categories, file)
    gaps = [""] if gap == "category" and is_missing(cells).any() else []
    return Feature(name=name, kind="category", categories=categories + gaps)


def _check_looks(name: str, cells: pd.Series, categories: list[str], file: TableFile) -> None:
    if categories and all(DATE.fullmatch(text) for text in categories):
        features = (
            f"make features of them with data.dates: {{{name}: [month, days]}} or data.dates: auto"
            if is_date(categories[0])
            else "make numbers of them, such as days since the first and the month"
        )
        what = (
            f"holds dates or times (such as {shown(categories[0])}): {features}, "
            "or leave the column out with data.features or data.id"
        )
        raise TableError(file.path, [Fault(None, f"column {name!r} {what}", name)])
    check_no_slip(cells, file)
    what = ""
    keys = file.notation.keys(categories)
    if keys or (categories and all(AMOUNT.fullmatch(text) for text in categories)):
        what = (
            f"holds numbers that cannot be read (such as {shown(categories[0])}): "
            f"{keys or 'write them with a point, without signs of other kinds'}, or list it in "
            "data.categorical"
        )
    elif len(categories) > max(FEW_ROWS, len(cells)) / 2:
        what = (
            f"has {len(categories)} different texts in {len(cells)} rows, as names have: put it in "
            "data.id, leave it out with data.features, or list it in data.categorical"
        )
    if what:
        raise TableError(file.path, [Fault(None, f"column {name!r} {what}", name)])
