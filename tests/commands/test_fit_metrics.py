from pathlib import Path

import numpy as np
import pytest
from scipy.stats import norm

from ntkcli.arrays import FloatArray

from .run_files import (
    ALL_KERNELS,
    RESULTS,
    Fit,
    MakeSpec,
    Ntk,
    Predict,
    Write,
    load_json,
    part,
    score_of,
    values,
)


@pytest.mark.parametrize("noise", [False, True])
@pytest.mark.parametrize("interval", [0.5, 0.95])
def test_metrics_can_be_recomputed_from_the_predictions(fit: Fit, noise: bool, interval: float) -> None:
    run = fit(inference={**ALL_KERNELS, "ridge": 0.3}, output={"noise": noise, "interval": interval})
    scale = load_json(run / "run.json")["target_scaling"]["scale"][0]
    for kernel, time in RESULTS:
        table = part(run, kernel, time)
        unseen = 0.0 if kernel == "ntk" or noise else 0.3 * scale**2
        std = np.sqrt(values(table, "y_std") ** 2 + unseen)
        expected = recomputed(values(table, "y"), values(table, "y_mean"), std, interval)
        score = score_of(run, kernel, time)
        assert {name: score[name] for name in expected} == pytest.approx(expected, rel=1e-9)


def recomputed(y: FloatArray, mean: FloatArray, std: FloatArray, interval: float) -> dict[str, float]:
    """All metrics of predictions with this standard deviation of an observation."""
    lower, upper = norm.interval(interval, mean, std)
    return {
        "rmse": float(np.sqrt(np.mean((y - mean) ** 2))),
        "mae": float(np.mean(np.abs(y - mean))),
        "r2": 1 - float(np.mean((y - mean) ** 2) / np.var(y)),
        "nll": -float(np.mean(norm.logpdf(y, mean, std))),
        "coverage": float(np.mean((lower <= y) & (y <= upper))),
    }


@pytest.mark.parametrize("kernel", ["nngp", "ntkgp"])
def test_the_ridge_is_the_noise_of_a_posterior(predict: Predict, kernel: str) -> None:
    inference = {"kernel": kernel, "ridge": 0.3}
    data = {"standardize_target": False}
    function = predict(inference=inference, data=data)
    observation = predict(inference=inference, data=data, output={"noise": True})
    np.testing.assert_array_equal(values(function, "y_mean"), values(observation, "y_mean"))
    np.testing.assert_allclose(
        values(observation, "y_std") ** 2 - values(function, "y_std") ** 2, 0.3, rtol=1e-10
    )


def test_the_noise_of_the_ensemble_is_none_and_said_so(make_spec: MakeSpec, ntk: Ntk, tmp_path: Path) -> None:
    outcome = ntk("fit", make_spec(inference={"ridge": 0.3}, output={"noise": True}))
    assert "warning: output.noise does not change kernel ntk" in outcome.stderr
    noisy = (tmp_path / "run" / "predictions.csv").read_bytes()
    ntk("fit", make_spec(inference={"ridge": 0.3}), "--overwrite")
    assert (tmp_path / "run" / "predictions.csv").read_bytes() == noisy


def test_without_std_neither_likelihood_nor_coverage_is_reported(fit: Fit) -> None:
    score = score_of(fit(output={"std": False}), "ntk", "inf")
    assert set(score) == {"kernel", "time", "target", "rmse", "mae", "r2"}


def test_an_observation_far_from_its_prediction_is_scored_or_refused(
    make_spec: MakeSpec, ntk: Ntk, write: Write
) -> None:
    write("test.csv", "a,b,c,y\n1,100,-2,1e200\n")
    outcome = ntk("fit", make_spec())
    assert outcome.returncode in (0, 3, 4)
    assert "unexpected" not in outcome.stderr
