"""Centres are chosen, rows are held out and added again, and what `auto` stands for is found by them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ntkcli.inference.flow import relaxation
from ntkcli.jobs.approximation import Approximation, chosen_centres, rows_held_out
from ntkcli.regression.feature_sums import FeatureSums
from ntkcli.regression.held_out import smaller_question
from ntkcli.regression.nystrom import Nystrom

from .approximate import approximate_job, nystrom

MakeSpec = Callable[..., Path]
COUNT = 100
CALIBRATED: dict[str, Any] = {"interval_from": "held_out"}


@pytest.fixture
def make(make_spec: MakeSpec, tmp_path: Path) -> MakeSpec:
    """Write a spec for 100 noisy rows."""

    def write(centres: int = 20, output: dict[str, Any] | None = None, **keys: Any) -> Path:
        rng = np.random.default_rng(3)
        x = rng.normal(size=(COUNT, 3))
        y = np.sin(x[:, 0]) + 0.3 * rng.normal(size=COUNT)
        path = make_spec(inference=nystrom(centres, **keys), output=output or {})
        pd.DataFrame(x, columns=["a", "b", "c"]).assign(y=y).to_csv(tmp_path / "train.csv", index=False)
        return path

    return write


def test_a_fifth_is_held_out_where_something_is_found_by_it(make: MakeSpec) -> None:
    for output, keys, count in [({}, {}, 0), (CALIBRATED, {}, 20), ({}, {"ridge": "auto"}, 20)]:
        with approximate_job(make(output=output, **keys)) as (job, _):
            assert len(rows_held_out(job)) == count


def test_the_same_rows_are_held_out_for_auto_and_for_calibration(make: MakeSpec) -> None:
    found = []
    for output, keys in [(CALIBRATED, {}), ({}, {"ridge": "auto"}), (CALIBRATED, {"ridge": "auto"})]:
        with approximate_job(make(output=output, **keys)) as (job, _):
            found.append(rows_held_out(job).tolist())
    assert found[0] == found[1] == found[2]


def test_centres_are_not_held_out_if_enough_rows_are_left(make: MakeSpec) -> None:
    path = make(output=CALIBRATED)
    path.write_text(path.read_text().replace("centres: 20", "centres: 20\n    sample: 60"))
    with approximate_job(path) as (job, plan):
        held_out = rows_held_out(job)
        centres = chosen_centres(job, plan, held_out)
    assert len(centres.rows) == 20
    assert not {*centres.rows.tolist()} & {*held_out.tolist()}


def test_every_row_is_a_centre_if_so_many_are_asked_for(make: MakeSpec) -> None:
    with approximate_job(make(COUNT, output=CALIBRATED)) as (job, plan):
        centres = chosen_centres(job, plan, rows_held_out(job))
    assert sorted(centres.rows.tolist()) == list(range(COUNT))


def test_another_seed_chooses_other_centres(make: MakeSpec) -> None:
    path = make()
    found = []
    for seed in (0, 0, 1):
        path.write_text(make().read_text().replace("centres: 20", f"centres: 20\n    seed: {seed}"))
        with approximate_job(path) as (job, plan):
            found.append(chosen_centres(job, plan, rows_held_out(job)).rows.tolist())
    assert found[0] == found[1] != found[2]


def test_rows_that_were_held_out_are_added_again(make: MakeSpec) -> None:
    with approximate_job(make(output=CALIBRATED, kernel=["ntk", "nngp"])) as (job, plan):
        found = Approximation.of(job, plan)
        sums = found.sums.features
        assert sums.rows == COUNT - 20
        whole = FeatureSums.empty(sums.features, 1, with_cross=True)
        whole.add(job.dataset.train.x, job.dataset.y_train)
        found.complete()
    assert sums.rows == COUNT
    for gram, own in sums.grams.items():
        np.testing.assert_allclose(own.square, whole.grams[gram].square, rtol=1e-11, atol=1e-12)
        np.testing.assert_allclose(own.targets, whole.grams[gram].targets, rtol=1e-11, atol=1e-12)
    assert sums.cross is not None
    assert whole.cross is not None
    np.testing.assert_allclose(sums.cross, whole.cross, rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(sums.squares, whole.squares, rtol=1e-13)


def test_unseen_rows_are_predicted_by_a_fit_that_really_lacks_them(make: MakeSpec) -> None:
    with approximate_job(make(output=CALIBRATED, kernel=["ntk", "nngp"])) as (job, plan):
        found, question = Approximation.of(job, plan), job.question
        unseen = found.unseen(question)
        x, y, held_out = job.dataset.train.x, job.dataset.y_train, found.held_out
        others = np.setdiff1d(np.arange(COUNT), held_out)
        sums = FeatureSums.empty(found.sums.features.features, 1, with_cross=True)
        sums.add(x[others], y[others])
        model = Nystrom.of(sums, ["ntk", "nngp"]).model(smaller_question(question, 0.8))
        for answer in model.predict(x[held_out]):
            residual = y[held_out] - answer.prediction.mean
            np.testing.assert_allclose(unseen[answer.pair].residual, residual, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("kernel", ["nngp", "ntk"])
def test_no_ridge_predicts_the_rows_held_out_better_than_the_automatic_one(
    make: MakeSpec, kernel: str
) -> None:
    with approximate_job(make(kernel=kernel, ridge="auto", ridge_scale="trace")) as (job, plan):
        found = Approximation.of(job, plan)
        smaller = found.nystrom
        ridge = found.automatic().given_ridge
        gram = plan.leading
        own, rows = smaller.spectra[gram], found.held_out
        z = smaller.sums.features.features(job.dataset.train.x[rows]).values[gram] @ own.spectrum.vectors
        y, scale = job.dataset.y_train[rows], float(smaller.mean_diagonal(gram)[0])

    def error(ridge: float) -> float:
        factor = relaxation(own.spectrum.eigenvalues + ridge * scale, np.inf)
        return float(np.mean((y - z @ (factor[:, None] * own.targets)) ** 2))

    assert isinstance(ridge, float)
    assert error(ridge) <= min(map(error, np.geomspace(1e-8, 10, 300))) * (1 + 2e-3)
