"""The modes of features are those of the Gram matrix Phi Phi^T that they stand for."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ntkcli.inference.target_power import degrees_of_freedom, label_complexity, target_power
from ntkcli.inference.time_course import TimeCourse
from ntkcli.jobs.job import Job
from ntkcli.jobs.opening import open_job
from ntkcli.journal import Journal
from ntkcli.linalg.spectrum import Spectrum
from ntkcli.spec.file import read_spec
from ntkcli.spectra.approximation import ApproximateGrams
from ntkcli.spectra.feature_gram import FeatureGram
from ntkcli.spectra.spectra import approximate_spectra_of, spectra_of

MakeSpec = Callable[..., Path]
ROWS = 14
TIMES = [0.0, 0.01, 1.0, 100.0, math.inf]


def asking(centres: int, **others: Any) -> dict[str, Any]:
    approximation = {"method": "nystrom", "centres": centres}
    return {"kernel": ["ntk", "nngp"], "ridge": 0.05, "approximation": approximation, **others}


def grams_of(job: Job) -> ApproximateGrams:
    approximation = job.spec.inference.approximation
    assert approximation is not None
    return ApproximateGrams.of(job, approximation)


def features_of(found: FeatureGram) -> np.ndarray:
    """Phi (n, r) of the training rows."""
    return found.nystrom.sums.features.features(found.job.dataset.train.x).values[found.gram]


def test_what_features_say_is_what_their_matrix_says(make_spec: MakeSpec) -> None:
    spec = make_spec(inference=asking(6), network={"depth": 3})
    with open_job(read_spec(spec), Journal()) as job:
        grams = grams_of(job)
        prior = next(features_of(one) for one in grams.found if one.gram == "nngp")
        for found in grams.found:
            phi, y = features_of(found), job.dataset.y_train
            spectrum = Spectrum.of(np.asfortranarray(phi @ phi.T))
            rotated = np.sum((spectrum.vectors.T @ prior) ** 2, axis=1)
            course = TimeCourse(spectrum.eigenvalues, spectrum.rotate(y), rotated, found.ridge)
            assert found.eigenvalues == pytest.approx(spectrum.eigenvalues[-6:])
            assert found.power == pytest.approx(target_power(spectrum, y)[-6:])
            assert found.complexity == pytest.approx(label_complexity(spectrum, y, found.ridge))
            for time in TIMES:
                assert found.course.loss(time) == pytest.approx(course.loss(time))
                assert found.course.function_change(time) == pytest.approx(course.function_change(time))
                assert found.course.weight_distance_rms(time) == pytest.approx(
                    course.weight_distance_rms(time)
                )
            whole = job.train.diagonal(found.gram)
            assert found.left_out == pytest.approx(1 - float(np.sum(phi**2)) / float(whole.sum()))
            freedom = degrees_of_freedom(spectrum.eigenvalues, found.ridge)
            assert degrees_of_freedom(found.eigenvalues, found.ridge) == pytest.approx(freedom)


def test_with_every_row_a_centre_it_is_the_exact_spectrum(make_spec: MakeSpec) -> None:
    spec = make_spec(inference=asking(ROWS), network={"depth": 3})
    with open_job(read_spec(spec), Journal()) as job:
        found, exact = approximate_spectra_of(grams_of(job)), spectra_of(job.at_hand, measure=False)
        for name in ("spectrum.csv", "degrees_of_freedom.csv", "time_course.csv"):
            unknown = ["loo_rmse", "kernel"]
            tables = [one.files[name].sort_values("kernel", kind="stable") for one in (found, exact)]
            kept = tables[0].columns.difference(unknown)
            pd.testing.assert_frame_equal(
                tables[0][kept].reset_index(drop=True), tables[1][kept].reset_index(drop=True), rtol=1e-7
            )
        assert found.summary["approximation"]["left_out"] == pytest.approx({"ntk": 0, "nngp": 0}, abs=1e-12)
        for kernel, figures in exact.summary["kernels"].items():
            own = found.summary["kernels"][kernel]
            same = [name for name, value in own.items() if isinstance(value, float)]
            assert {"condition", "label_complexity", "effective_dimension"} <= {*same}
            assert [own[name] for name in same] == pytest.approx([figures[name] for name in same], rel=1e-6)


def test_rows_that_are_held_out_for_the_ridge_are_added(make_spec: MakeSpec) -> None:
    spec = make_spec(inference=asking(6, ridge="auto", ridge_scale="trace"), network={"depth": 3})
    with open_job(read_spec(spec), Journal()) as job:
        grams = grams_of(job)
        assert [found.rows for found in grams.found] == [ROWS, ROWS]
        assert not grams.job.spec.inference.is_automatic


def test_without_a_ridge_what_takes_the_inverse_is_left_out(make_spec: MakeSpec) -> None:
    spec = make_spec(inference=asking(6, ridge=0), network={"depth": 3})
    with open_job(read_spec(spec), Journal()) as job:
        grams = grams_of(job)
        assert not any(found.is_regular for found in grams.found)
        summary = approximate_spectra_of(grams).summary["kernels"]["ntk"]
        assert (summary["condition"], summary["label_complexity"]) == (None, None)
        assert summary["largest_eigenvalue"] > 0
