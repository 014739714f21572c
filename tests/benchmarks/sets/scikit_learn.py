"""Sets of classes that scikit-learn (BSD-3-Clause) has with it, all of the UCI repository under CC BY 4.0.

digits         Alpaydin, Kaynak: Optical Recognition of Handwritten Digits, 1998. doi:10.24432/C50P49
wine           Aeberhard, Forina: Wine, 1992. doi:10.24432/C5PC7J
breast_cancer  Wolberg, Mangasarian, Street, Street: Breast Cancer Wisconsin, 1993. doi:10.24432/C5DW2B
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from sets.set import Set
from sklearn.datasets import load_breast_cancer, load_digits, load_wine


def _load(read: Callable[..., Any], _: Path) -> pd.DataFrame:
    table: pd.DataFrame = read(as_frame=True).frame
    return table


def _classes(title: str, doi: str, read: Callable[..., Any]) -> Set:
    return Set(title, f"https://doi.org/{doi}", "CC BY 4.0", "target", partial(_load, read), classes=True)


SETS = {
    "digits": _classes("Optical Recognition of Handwritten Digits", "10.24432/C50P49", load_digits),
    "wine": _classes("Wine", "10.24432/C5PC7J", load_wine),
    "breast_cancer": _classes("Breast Cancer Wisconsin", "10.24432/C5DW2B", load_breast_cancer),
}
