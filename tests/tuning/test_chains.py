"""Networks are scored in an order in which they go on from each other, and keep their own numbers."""

import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ntkcli.jobs.opening import open_job
from ntkcli.journal import Journal
from ntkcli.kernels.network import Network
from ntkcli.kernels.steps import Affine, Pairs
from ntkcli.spec.file import SpecFile, read_spec
from ntkcli.spec.tune import TuneSpec
from ntkcli.tuning.chains import Prepared, prepared_chains
from ntkcli.tuning.grid import grid

from .brute_force import MakeSpec, numbers, searched


def prepared(path: Path) -> tuple[SpecFile, list[Prepared]]:
    source = read_spec(path)
    assert source.spec.tune is not None
    with open_job(source, Journal()) as job:
        chains = prepared_chains(source, job.dataset, grid(source.spec.tune))
        return source, [one for chain in chains for one in chain]


def tune(space: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"objective": "loo_rmse", "space": space, **more}


def test_networks_come_right_before_those_that_begin_with_them(make_spec: MakeSpec) -> None:
    space = {"network.depth": [5, 1, 3], "network.activation": ["gelu", "erf"], "network.sigma_b": [0.1, 0.2]}
    _, found = prepared(make_spec(tune=tune(space)))
    assert sorted(one.configuration.number for one in found) == list(range(12))
    for chain in (found[i : i + 3] for i in (3, 9)):
        assert len({(one.configuration.values["network.sigma_b"]) for one in chain}) == 1
    networks = [one.network for one in found if isinstance(one.network, Network)]
    shared = [other.steps[: len(one.steps)] == one.steps for one, other in pairwise(networks)]
    # Of each sigma_b: depth 1 twice, then 3 and 5 of one activation; and 3 and 5 of the other.
    assert sum(shared) == 8


def test_every_configuration_has_its_own_network(make_spec: MakeSpec) -> None:
    space = {
        "network.depth": [1, 2, 4],
        "network.activation": ["relu", "tanh"],
        "network.residual": [False, True],
    }
    _, found = prepared(make_spec(tune=tune(space)))
    for one in found:
        depth = one.configuration.values["network.depth"]
        if one.configuration.values["network.residual"] and depth < 3:
            assert "use a depth of at least 3" in str(one.network)
        else:
            assert isinstance(one.network, Network)
            assert one.network.depth == depth


def test_no_layer_is_computed_twice(
    make_spec: MakeSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    layers = []
    on_pairs = Affine.on_pairs

    def counted(layer: Affine, pairs: Pairs) -> None:
        layers.append(layer)
        on_pairs(layer, pairs)

    monkeypatch.setattr(Affine, "on_pairs", counted)
    searched(
        make_spec(tune=tune({"network.depth": [6, 2, 1, 3], "inference.ridge": [0.1]})), tmp_path / "out"
    )
    assert len(layers) == 6


def test_sharing_changes_no_score(make_spec: MakeSpec, tmp_path: Path) -> None:
    """Scores of all networks in one search are those of each in a search of its own."""
    axes: dict[str, list[Any]] = {"network.depth": [1, 3, 4], "network.activation": ["relu", "erf", "gelu"]}
    free = {"inference.ridge": [0.01, 1.0], "inference.kernel": ["nngp", "ntk"]}
    _, _, together = searched(make_spec(tune=tune(axes | free)), tmp_path / "together")
    for trial in together:
        alone = {key: [value] for key, value in trial.values.items()}
        _, _, (other,) = searched(make_spec(tune=tune(alone | free)), tmp_path / f"alone_{trial.number}")
        assert list(other.scored) == list(trial.scored)
        # Tables for more layers have other rounding.
        rtol = 1e-12 if trial.values["network.activation"] != "gelu" else 1e-6
        np.testing.assert_allclose(numbers(trial.scored), numbers(other.scored), rtol=rtol)


def test_trials_are_in_the_order_of_the_space(make_spec: MakeSpec, tmp_path: Path) -> None:
    space = {
        "network.depth": [4, 2],
        "network.sigma_b": {"low": 0.1, "high": 1, "steps": 3},
        "inference.ridge": [1],
    }
    _, _, trials = searched(make_spec(tune=tune(space)), tmp_path / "out")
    assert [(t.number, *t.values.values()) for t in trials] == [
        (0, 4, 0.1),
        (1, 4, 0.55),
        (2, 4, 1.0),
        (3, 2, 0.1),
        (4, 2, 0.55),
        (5, 2, 1.0),
    ]


@pytest.mark.parametrize(
    ("axis", "values"),
    [
        ({"low": 1, "high": 4}, [1, 2, 3, 4]),
        ({"low": 1, "high": 100, "log": True}, [1, 3, 10, 32, 100]),
        ({"low": 2, "high": 10, "steps": 2}, [2, 10]),
    ],
)
def test_a_range_of_depths_has_whole_numbers(axis: dict[str, Any], values: list[int]) -> None:
    section = TuneSpec.model_validate({"space": {"network.depth": axis}})
    found = [configuration.values["network.depth"] for configuration in grid(section)]
    assert found == values
    assert {type(value) for value in found} == {int}


def test_a_network_that_fails_takes_no_other_with_it(make_spec: MakeSpec, tmp_path: Path) -> None:
    lines = []

    class Told(Journal):
        def warn(self, text: str) -> None:
            lines.append(text)

    space = {"network.activation": ["exp"], "network.depth": [2, 9], "inference.ridge": [0.1]}
    _, _, (shallow, deep) = searched(make_spec(tune=tune(space)), tmp_path / "out", Told())
    assert all(score.value is not None and math.isfinite(score.value) for score in shallow.scored.values())
    assert (deep.scored, shallow.failure) == ({}, None)
    assert "leaves the range of float64" in (deep.failure or "")
    assert [line.split(" failed: ")[0] for line in lines] == [
        "trial 1 (network.activation: exp, network.depth: 9)"
    ]
