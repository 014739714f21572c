from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from ntkcli.data.dataset import Dataset
from ntkcli.errors import DataError
from ntkcli.spec.data import DataSpec

from ..datasets import load_dataset


@pytest.fixture
def read_data(write: Callable[[str, str], Path]) -> Callable[..., Dataset]:
    """Load a dataset from the text of its files; keyword arguments are keys of the data section."""

    def read(train: str, test: str | None = None, **keys: Any) -> Dataset:
        files = {"train": str(write("train.csv", train))}
        if test is not None:
            files["test"] = str(write("test.csv", test))
        return load_dataset(DataSpec.model_validate({"target": "y", **files, **keys}))

    return read


@pytest.fixture
def refusal(read_data: Callable[..., Dataset], tmp_path: Path) -> Callable[..., str]:
    """Why a dataset cannot be loaded: the first fault, on its line, without the files' folder."""

    def refused(*texts: str, **keys: Any) -> str:
        with pytest.raises(DataError) as found:
            read_data(*texts, **keys)
        message = str(found.value).replace(f"{tmp_path}/", "")
        first, *others = message.splitlines()
        assert all(line.startswith(("train.csv:", "test.csv:")) for line in others)
        return first

    return refused


@pytest.fixture
def spec_of(write: Callable[[str, str], Path]) -> Callable[..., DataSpec]:
    """A data section for a training table, and maybe a test table; keyword arguments are its other keys."""

    def made(train: pd.DataFrame, test: pd.DataFrame | None = None, **keys: Any) -> DataSpec:
        files = {"train": str(write("train.csv", train.to_csv(index=False)))}
        if test is not None:
            files["test"] = str(write("test.csv", test.to_csv(index=False)))
        return DataSpec.model_validate({"target": "y", "id": "i", **files, **keys})

    return made
