"""Kernel matrices computed by neural-tangents: see tests/references/README.md."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.kernels.network import Network

from .inputs import make_network

FILE = Path(__file__).parent.parent / "references" / "neural_tangents.npz"


@dataclass(frozen=True)
class Reference:
    """One network, its rows and its kernel matrices by name ("ntk_test_train", rows first)."""

    activation: str
    network: Network
    x_train: FloatArray
    x_test: FloatArray
    matrices: dict[str, FloatArray]


def _read() -> dict[str, Reference]:
    with np.load(FILE) as arrays:
        manifest = json.loads(str(arrays["manifest"]))
        return {
            case: Reference(
                settings["activation"],
                make_network(
                    settings["activation"],
                    settings["depth"],
                    sigma_w=settings["sigma_w"],
                    sigma_b=settings["sigma_b"],
                ),
                arrays[f"{case}/x_train"],
                arrays[f"{case}/x_test"],
                {
                    name.removeprefix(f"{case}/"): arrays[name]
                    for name in arrays.files
                    if name.startswith((f"{case}/nngp_", f"{case}/ntk_"))
                },
            )
            for case, settings in manifest.items()
            if settings["kind"] == "kernel"
        }


REFERENCES = _read()
