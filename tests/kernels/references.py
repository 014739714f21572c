"""Kernel matrices computed outside the project: see tests/references/README.md."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.jobs.network import network_of
from ntkcli.kernels.network import Network
from ntkcli.kernels.rows import GramName
from ntkcli.spec.network import NetworkSpec

from .inputs import ready

FOLDER = Path(__file__).parent.parent / "references"
FILES = ["neural_tangents.npz", "activations.npz", "networks.npz"]
# Activations with a kink: the peer's NTK has its rounding of 1e-8 where the inputs' cosine is +-1.
KINKED = {"relu", "abs", "leaky_relu", "abrelu"}
# Coarse quadrature: 2e-5 on the diagonal for the row of variance 5.9, 1e-7 off it.
COARSE = {"kernel_tanh_0": (1e-6, 1e-4), "kernel_tanh_1": (1e-6, 1e-6)}


@dataclass(frozen=True)
class Reference:
    """One network, its rows and its kernel matrices by name ("ntk_test_train", rows first).

    section: the `network` section of a spec.
    """

    case: str
    section: dict[str, Any]
    x_train: FloatArray
    x_test: FloatArray
    matrices: dict[GramName, FloatArray]

    @property
    def network(self) -> Network:
        """Ready for the rows."""
        spec = NetworkSpec.model_validate(self.section)
        return ready(network_of(spec, self.x_train.shape[1]), self.x_train, self.x_test)

    @property
    def activations(self) -> set[str]:
        """Their names."""
        setting = self.section["activation"]
        listed = setting if isinstance(setting, list) else [setting]
        return {one if isinstance(one, str) else one["name"] for one in listed}

    def rows(self, name: str) -> tuple[FloatArray, FloatArray]:
        """The inputs that the rows and the columns of a matrix stand for."""
        _, rows, columns = name.split("_")
        inputs = {"train": self.x_train, "test": self.x_test}
        return inputs[rows], inputs[columns]

    def tolerances(self, name: str) -> tuple[float, float]:
        """What of the largest entry a matrix may be off by, and where the inputs' cosine is +-1."""
        if self.case in COARSE:
            return COARSE[self.case]
        if "sign" in self.activations and self.section["depth"] > 1:
            return 1e-10, np.inf
        return 1e-10, 1e-6 if self.activations & KINKED and name.startswith("ntk") else 1e-10


def _read(file: str) -> Iterator[Reference]:
    with np.load(FOLDER / file) as arrays:
        for case, settings in json.loads(str(arrays["manifest"])).items():
            if settings["kind"] != "predict":
                plain = {key: settings.get(key) for key in ("depth", "activation", "sigma_w", "sigma_b")}
                names = [name for name in arrays.files if name.startswith(f"{case}/n")]
                yield Reference(
                    case,
                    settings.get("network", plain),
                    arrays[f"{case}/x_train"],
                    arrays[f"{case}/x_test"],
                    {name.removeprefix(f"{case}/"): arrays[name] for name in names},
                )


REFERENCES = {reference.case: reference for file in FILES for reference in _read(file)}
