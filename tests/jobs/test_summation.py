"""Sums over all rows do not depend on how many are read at a time."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ntkcli.errors import NumericalError
from ntkcli.jobs.approximation import chosen_centres
from ntkcli.jobs.summation import Summation
from ntkcli.keeping import NOWHERE, Checkpoints
from ntkcli.regression.feature_map import FeatureMap
from ntkcli.regression.feature_sums import FeatureSums
from ntkcli.results.baseline_tally import BaselineTally

from ..checkpoints import InMemory, StoppedError
from .approximate import approximate_job, nystrom

MakeSpec = Callable[..., Path]
Write = Callable[[str, str], Path]
COUNT = 120
NOBODY = np.empty(0, np.intp)


@pytest.fixture
def spec(make_spec: MakeSpec, tmp_path: Path) -> Path:
    x = np.random.default_rng(3).normal(size=(COUNT, 3))
    table = pd.DataFrame(x, columns=["a", "b", "c"]).assign(y=x.sum(axis=1))
    path = make_spec(inference=nystrom(kernel=["nngp", "ntk"]))
    table.to_csv(tmp_path / "train.csv", index=False)
    return path


def summed(
    spec: Path, held_out: np.ndarray = NOBODY, checkpoints: Checkpoints = NOWHERE
) -> tuple[Summation, int]:
    """The sums over all rows but some, and how many rows were told to be done."""
    done = 0

    def advance(rows: int) -> None:
        nonlocal done
        done += rows

    with approximate_job(spec) as (job, plan):
        centres = chosen_centres(job, plan, NOBODY)
        features = FeatureMap.of(job.evaluator, job.dataset.train.x[centres.rows], plan.grams)
        sums = FeatureSums.empty(features, 1, with_cross=plan.has_cross)
        summation = Summation(sums, BaselineTally(3, 1))
        summation.add_all(replace(job, checkpoints=checkpoints), held_out, advance)
    return summation, done


def numbers(summation: Summation) -> dict[str, bytes]:
    """Of the features, to the last bit."""
    found = {name: array.tobytes() for name, array in summation.features.state.arrays.items()}
    assert "cross" in found
    return found


def test_rows_read_at_a_time_change_no_bit_of_the_sums(spec: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found, weights = [], []
    for rows in (7, 64, 1000):
        monkeypatch.setattr("ntkcli.jobs.summation.PART_ROWS", rows)
        summation, done = summed(spec)
        assert done == COUNT
        sums, baselines = summation.features, summation.baselines
        found.append(numbers(summation))
        assert sums.rows == COUNT
        # The tally of the baselines is added up part by part, to rounding.
        weights.append(baselines.linear.weights)
    assert found[0] == found[1] == found[2]
    for other in weights[1:]:
        np.testing.assert_allclose(other, weights[0], rtol=1e-10, atol=1e-11)


@pytest.mark.parametrize("stop", range(5))
def test_sums_that_are_stopped_go_on_and_have_the_same_bits(
    spec: Path, monkeypatch: pytest.MonkeyPatch, stop: int
) -> None:
    monkeypatch.setattr("ntkcli.jobs.summation.GROUP_ROWS", 32)
    some = np.arange(0, COUNT, 9)
    whole, _ = summed(spec, some)
    known = InMemory()
    known.left = stop
    with pytest.raises(StoppedError):
        summed(spec, some, known)
    known.left = -1
    assert (known.state.done if known.state else 0) == min(32 * stop, COUNT - len(some))
    found, done = summed(spec, some, known)
    assert (numbers(found), done) == (numbers(whole), COUNT - len(some))
    assert found.features.rows == whole.features.rows
    np.testing.assert_array_equal(found.baselines.linear.weights, whole.baselines.linear.weights)


def test_rows_held_out_are_in_the_baselines_and_not_in_the_sums(spec: Path) -> None:
    whole, _ = summed(spec)
    others, done = summed(spec, np.arange(0, COUNT, 4))
    assert (others.features.rows, done) == (90, 90)
    assert others.features.grams["nngp"].trace < whole.features.grams["nngp"].trace
    np.testing.assert_array_equal(others.baselines.mean.intercept, whole.baselines.mean.intercept)


def test_a_training_row_whose_kernel_is_out_of_range_is_told(spec: Path, tmp_path: Path) -> None:
    table = pd.read_csv(tmp_path / "train.csv")
    table.loc[COUNT - 1, "a"] = 1e300
    table.to_csv(tmp_path / "train.csv", index=False)
    text = spec.read_text().replace("target: y", "target: y\n  standardize: false")
    spec.write_text(text)
    with pytest.raises(NumericalError, match=rf"train\.csv:{COUNT + 1}"):
        summed(spec)
