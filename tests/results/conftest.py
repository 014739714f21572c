from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ntkcli.data.dataset import Dataset
from ntkcli.spec.data import DataSpec

from ..datasets import load_dataset


@pytest.fixture
def load(write: Callable[[str, str], Path]) -> Callable[..., Dataset]:
    """A dataset of three rows to predict; keyword arguments are keys of the data section."""
    train = write(
        "train.csv", "a,b,y,z,k\n1,2,5,1,p\n3,4,6,2,q\n5,7,8,3,r\n6,9,9,3,r\n7,9,9,3,p\n8,9,9,3,q\n"
    )
    test = write("test.csv", "n,kernel,a,b,y,z,k\nu,r,1,2,5,1,q\nv,s,3,4,6,2,q\nw,t,5,6,7,4,r\n")

    def load_with(**keys: Any) -> Dataset:
        values = {"target": "y", "features": ["a", "b"], "train": str(train), "test": str(test)}
        return load_dataset(DataSpec.model_validate(values | keys))

    return load_with
