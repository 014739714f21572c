"""A table to compare methods on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pandas as pd


@dataclass(frozen=True)
class Set:
    """A table, what is predicted of it, and where it comes from.

    title, origin, licence: as the publisher has them; origin is an address.
    target: the column to predict.
    load: makes the table, of the folder with the wheels. All its other columns are features.
    classes: whether the target is a class.
    order: of the rows: at random, or by time, where the test rows follow the training rows.
    group: a column whose values are either in training or in test, and which is no feature.
    categorical: columns that have to be said to be categories: of numbers, or of texts that look like names.
    data: keys of a spec's data section without which `ntk` refuses the table.
    """

    title: str
    origin: str
    licence: str
    target: str
    load: Callable[[Path], pd.DataFrame]
    classes: bool = False
    order: Literal["random", "time"] = "random"
    group: str | None = None
    categorical: tuple[str, ...] = ()
    data: Mapping[str, str] = field(default_factory=dict)
