"""The features of a split as rivals of `ntk` want them. All is settled by the training rows."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sets.split import Split
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

FloatArray = npt.NDArray[np.float64]


def numbers(split: Split) -> tuple[FloatArray, FloatArray]:
    """Training and test features, standardised: medians for gaps, a column of 0 and 1 for each category."""
    one_hot = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    others = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    encoder = make_column_transformer((one_hot, split.categories), remainder=others)
    train, test = split.train[split.features], split.test[split.features]
    return encoder.fit_transform(train), encoder.transform(test)


def tables(split: Split) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Training and test features with pandas' categories; gaps, and categories new to the test, stay open."""
    train, test = split.train[split.features].copy(), split.test[split.features].copy()
    for name in split.categories:
        train[name] = train[name].astype("category")
        test[name] = test[name].astype(train[name].dtype)
    return train, test


def targets(split: Split) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Training and test targets."""
    return split.train[split.chosen.target].to_numpy(), split.test[split.chosen.target].to_numpy()
