"""Datasets as a job has them."""

from ntkcli.data.dataset import Dataset
from ntkcli.data.raw_data import RawData
from ntkcli.spec.data import DataSpec


def load_dataset(spec: DataSpec) -> Dataset:
    """The rows of a spec, with features and targets fitted to those for training."""
    return RawData.read(spec).dataset(spec)
