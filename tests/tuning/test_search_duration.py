"""The time of a search grows with what there is to do."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ntkcli.jobs.opening import open_job
from ntkcli.journal import Journal
from ntkcli.planning.duration import Speed
from ntkcli.spec.file import read_spec
from ntkcli.tuning.search import with_plain_network
from ntkcli.tuning.search_duration import SearchDuration
from ntkcli.tuning.search_plan import SearchPlan

SPACE: dict[str, Any] = {"inference.kernel": ["ntkgp"], "inference.ridge": [0.1, 1.0]}
Planned = Callable[..., SearchDuration]


@pytest.fixture
def planned(make_spec: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> Planned:
    """The duration of a search of SPACE with other keys, on the small data, where kernels have one speed."""
    monkeypatch.setattr(Speed, "of_kernels", lambda self, *_: self)

    def of(space: dict[str, Any] | None = None, **tune: Any) -> SearchDuration:
        # On several threads, Gram matrices are worked on at once.
        path = make_spec(
            compute={"threads": 1}, tune={"objective": "loo_rmse", **tune, "space": SPACE | (space or {})}
        )
        source = read_spec(path)
        assert source.spec.tune is not None
        with open_job(with_plain_network(source), Journal()) as job:
            plan = SearchPlan.of(source, source.spec.tune, job)
            return SearchDuration(source, plan, job, Speed(operations=1e9, entries=1e6))

    return of


@pytest.mark.parametrize(
    ("less", "more"),
    [
        ({}, {"space": {"inference.ridge": [0.1, 0.5, 1.0]}}),
        ({}, {"space": {"inference.kernel": ["nngp", "ntkgp"]}}),
        ({}, {"objective": "loo_nll"}),
        ({"objective": "log_marginal_likelihood"}, {}),
        (
            {"objective": "rmse", "validation": {"holdout": 0.2}},
            {"objective": "rmse", "validation": {"folds": 3}},
        ),
        ({"objective": "rmse"}, {"objective": "nll", "space": {"inference.kernel": ["ntk"]}}),
    ],
)
def test_more_candidates_folds_and_variances_are_more_algebra(
    planned: Planned, less: dict[str, Any], more: dict[str, Any]
) -> None:
    assert planned(**more).algebra > planned(**less).algebra


def test_every_network_counts(planned: Planned) -> None:
    one, three = planned(), planned({"network.activation": ["relu", "erf", "sin"]})
    assert (one.networks, three.networks) == (1, 3)
    assert three._steps == 3 * one._steps
    # Of seconds, those of the tables are measured.
    assert three.seconds > 2 * one.algebra / one.speed.operations > 0
    drawn = planned({"network.depth": [1, 2]}, search="tpe", trials=7)
    assert drawn.networks == 7


def test_networks_that_go_on_from_others_cost_their_further_layers_alone(planned: Planned) -> None:
    """In a grid; drawn ones come in any order."""
    deepest, all_depths = planned({"network.depth": [3]}), planned({"network.depth": [1, 2, 3]})
    assert all_depths._steps == deepest._steps
    apart = planned({"network.depth": [3], "network.activation": ["relu", "erf"]})
    assert apart._steps == 2 * deepest._steps


def test_networks_that_there_cannot_be_cost_nothing(planned: Planned) -> None:
    space = {"network.activation": ["sign"], "network.sigma_b": [9.0]}
    alone = planned(space | {"network.sigma_w": [1.0]})
    beside = planned(space | {"network.sigma_w": [1.0, "critical"]})
    assert beside._steps == alone._steps
