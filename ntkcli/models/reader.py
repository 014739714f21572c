"""A model, read back from the run directory that `ntk fit` left."""

from pathlib import Path

import numpy as np

from ntkcli.data.features import Features
from ntkcli.data.scaling import Scaling
from ntkcli.data.table import Schema
from ntkcli.data.targets import Targets
from ntkcli.data.transforms import Transforms
from ntkcli.errors import DataError, SpecError
from ntkcli.jobs.network import network_of
from ntkcli.kernels.network import Network
from ntkcli.models.array_files import AGAIN, SURPRISES, ArrayReader
from ntkcli.models.model import Model
from ntkcli.models.model_file import NAME, ModelFile, read_model_file
from ntkcli.units import counted


def load_model(run: Path) -> Model:
    """Read the model of a run directory; arrays that only some predictions need are read later.

    Raises:
        DataError: there is none, it is damaged, or a newer ntk wrote it.
    """
    folder = run / "model"
    file = read_model_file(folder)
    arrays = ArrayReader(folder, file.arrays)
    schema = _schema(file, arrays)
    network = _network(file, len(schema.features.columns), folder / NAME)
    return Model(arrays, file, schema, network)


def _network(file: ModelFile, features: int, path: Path) -> Network:
    """Return the network with its tables, which the fit was able to make."""
    try:
        network = network_of(file.network, features)
        if len(file.tables) == len(network.steps):
            return network.tabulated([np.array(span) for span in file.tables])
    except SpecError as error:
        raise DataError(f"{path}: is damaged: {error}: {AGAIN}") from error
    except SURPRISES as error:
        raise DataError(f"{path}: is damaged: its network cannot be built: {AGAIN}") from error
    raise DataError(
        f"{path}: is damaged: tables: are of {counted(len(file.tables), 'step')}, and a network of depth "
        f"{network.depth} has {len(network.steps)}: {AGAIN}"
    )


def _schema(file: ModelFile, arrays: ArrayReader) -> Schema:
    data = file.data
    width = sum(len(feature.columns) for feature in data.features)
    outputs = len(data.classes or data.targets)
    features = Features(
        data.features,
        data.rules,
        arrays.read("fill", width),
        _scaling("features", width, arrays),
        arrays.read("relevance", width),
    )
    scaling, transforms = _scaling("targets", outputs, arrays), Transforms(data.transforms)
    targets = Targets(data.targets, data.classes, scaling, transforms)
    return Schema(data.ids, features, targets, data.weights)


def _scaling(name: str, width: int, arrays: ArrayReader) -> Scaling:
    scaling = Scaling(arrays.read(f"{name}_mean", width), arrays.read(f"{name}_scale", width))
    if not (np.isfinite([scaling.mean, scaling.scale]).all() and (scaling.scale > 0).all()):
        raise DataError(f"{arrays.folder / name}_scale.npy: is damaged: it scales nothing: {AGAIN}")
    return scaling
