"""The network section of a spec: its forms, and how they are written with every default."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from ntkcli.spec.file import read_spec, spec_text
from ntkcli.spec.network import NetworkSpec
from ntkcli.spec.spec import Spec

Read = Callable[[str], Spec]

HEAD = "data: {train: train.csv, target: y}\nnetwork:\n"

# What is written, and what it is with all defaults filled in.
FORMS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"residual": True}, {"residual": {"every": 1, "scale": 1.0}}),
    ({"residual": {}}, {"residual": {"every": 1, "scale": 1.0}}),
    ({"residual": {"scale": 0.5}}, {"residual": {"every": 1, "scale": 0.5}}),
    ({"residual": False}, {"residual": None}),
    ({"residual": None}, {"residual": None}),
    ({"train": "all"}, {"train": "all"}),
    ({"train": "readout"}, {"train": "readout"}),
    ({"train": {"first_frozen": 2}}, {"train": {"first_frozen": 2}}),
    ({"sigma_w": "critical"}, {"sigma_w": "critical"}),
    ({"sigma_w": [1, 2, 3]}, {"sigma_w": [1.0, 2.0, 3.0]}),
    ({"sigma_w": ["1e-3", 2, 3]}, {"sigma_w": [1e-3, 2.0, 3.0]}),
    ({"σ_w": [1, 2, 3], "σ_b": 0}, {"sigma_w": [1.0, 2.0, 3.0], "sigma_b": 0.0}),
    ({"readout": {"σ_w": "1e-3"}}, {"readout": {"sigma_w": 1e-3, "sigma_b": None}}),
    ({"readout": {"σ_w": 1, "σ_b": 0}}, {"readout": {"sigma_w": 1.0, "sigma_b": 0.0}}),
    ({"readout": {}}, {"readout": {"sigma_w": None, "sigma_b": None}}),
    ({"sigma_b": [0, 0, 1], "readout": {"sigma_w": 1}}, {"sigma_b": [0.0, 0.0, 1.0]}),
    ({"parameterization": "standard", "width": 64}, {"parameterization": "standard", "width": 64}),
    ({"bias_init": "zero", "layer_norm": True}, {"bias_init": "zero", "layer_norm": True}),
    ({"keep_probability": 1}, {"keep_probability": 1.0}),
    ({"keep_probability": "5e-1"}, {"keep_probability": 0.5}),
    ({"sigma_w": "critical", "keep_probability": 1}, {"sigma_w": "critical", "keep_probability": 1.0}),
    ({"activation": "leaky_relu"}, {"activation": {"name": "leaky_relu", "slope": 0.01}}),
    ({"activation": {"name": "relu"}}, {"activation": "relu"}),
    (
        {"activation": {"name": "erf", "b": "2e0"}},
        {"activation": {"name": "erf", "a": 1.0, "b": 2.0, "c": 0.0}},
    ),
    (
        {"activation": ["relu", "erf"]},
        {"activation": ["relu", {"name": "erf", "a": 1.0, "b": 1.0, "c": 0.0}]},
    ),
    (
        {"activation": {"name": "polynomial", "coefficients": [1, "2e0"]}},
        {"activation": {"name": "polynomial", "coefficients": [1, 2.0]}},
    ),
    ({"depth": 1, "activation": [], "sigma_w": [2]}, {"depth": 1, "activation": [], "sigma_w": [2.0]}),
]


@pytest.mark.parametrize(("given", "resolved"), FORMS, ids=[str(given) for given, _ in FORMS])
def test_a_written_network_has_its_defaults_and_reads_back_to_the_same(
    tmp_path: Path, given: dict[str, Any], resolved: dict[str, Any]
) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text(yaml.safe_dump({"data": {"train": "t.csv", "target": "y"}, "network": given}))
    spec = read_spec(path).spec
    (tmp_path / "written.yaml").write_text(spec_text(spec, home=tmp_path), encoding="utf-8")
    written = yaml.safe_load((tmp_path / "written.yaml").read_text(encoding="utf-8"))["network"]
    assert written == spec.network.model_dump()
    assert {key: written[key] for key in resolved} == resolved
    assert read_spec(tmp_path / "written.yaml").spec.network == spec.network


def test_no_network_section_is_the_plain_network(read: Read) -> None:
    plain = NetworkSpec()
    assert read(HEAD).network == plain
    assert (plain.frozen, plain.activations) == (0, ["relu", "relu"])
    assert plain.per_layer("sigma_b") == [0.1, 0.1, 0.1]


def test_the_readout_has_its_own_scales(read: Read) -> None:
    network = read(HEAD + "  sigma_w: 1.5\n  readout: {sigma_w: 2, sigma_b: 0}\n").network
    assert network.per_layer("sigma_w") == [1.5, 1.5, 2.0]
    assert network.per_layer("sigma_b") == [0.1, 0.1, 0.0]


@pytest.mark.parametrize(
    ("train", "frozen"), [("all", 0), ("readout", 3), ("{first_frozen: 0}", 0), ("{first_frozen: 3}", 3)]
)
def test_training_the_readout_is_freezing_all_before_it(read: Read, train: str, frozen: int) -> None:
    assert read(HEAD + f"  depth: 4\n  train: {train}\n").network.frozen == frozen
