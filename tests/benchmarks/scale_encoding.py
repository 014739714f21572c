"""Tables at scale as the peers want them: float64 arrays, or pandas' categories. Training rows settle all."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.preprocessing import OneHotEncoder, StandardScaler

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Rows:
    """Training rows and test rows, features apart from the target.

    x, x_test: tables. y: targets of the training rows (n,).
    """

    x: pd.DataFrame
    y: FloatArray
    x_test: pd.DataFrame

    @classmethod
    def read(cls, train: Path, test: Path, target: str) -> Self:
        """From two CSV files."""
        x, x_test = pd.read_csv(train), pd.read_csv(test)
        y = x.pop(target).to_numpy(dtype=float)
        return cls(x, y, x_test.drop(columns=target))

    @property
    def categories(self) -> list[str]:
        """Columns of text."""
        return [str(name) for name in self.x if not pd.api.types.is_numeric_dtype(self.x[name])]

    def numbers(self) -> tuple[FloatArray, FloatArray]:
        """Features (n, d) and (m, d): numbers standardised, a column of 0 and 1 for each category."""
        one_hot = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
        encoder = make_column_transformer(
            (one_hot, self.categories), remainder=StandardScaler(), sparse_threshold=0
        )
        return encoder.fit_transform(self.x), encoder.transform(self.x_test)

    def tables(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Features as tables with pandas' categories."""
        tables = self.x.copy(deep=False), self.x_test.copy(deep=False)
        for name in self.categories:
            kind = pd.CategoricalDtype(list(self.x[name].unique()))
            for table in tables:
                table[name] = table[name].astype(kind)
        return tables
