"""Functions drawn at the test rows, and models without a kernel."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from .run_files import Fit, MakeSpec, Ntk, add_second_target, load_json, values

Write = Callable[[str, str], Path]
NOISY = {"kernel": ["nngp", "ntk"], "time": [2, "inf"], "ridge": 0.1}


def test_draws_have_the_mean_and_the_covariance_of_the_prediction(fit: Fit) -> None:
    run = fit(inference=NOISY, output={"samples": 20_000, "covariance": True})
    table = pd.read_csv(run / "predictions.csv", dtype={"time": str})
    for kernel, time in (("nngp", "2"), ("nngp", "inf"), ("ntk", "2"), ("ntk", "inf")):
        draws = np.load(run / "samples" / f"{kernel}_t{time}.npy")
        covariance = np.load(run / "covariance" / f"{kernel}_t{time}.npy")
        own = table[(table["kernel"] == kernel) & (table["time"] == time)]
        assert draws.shape == (20_000, 5)
        error = 5 * np.sqrt(covariance.diagonal() / len(draws))
        assert (abs(draws.mean(axis=0) - values(own, "y_mean")) < error).all()
        np.testing.assert_allclose(np.cov(draws.T), covariance, atol=0.05 * covariance.max())


def test_draws_follow_their_seed_and_more_of_them_begin_alike(fit: Fit) -> None:
    def draws(samples: int, seed: int) -> "np.ndarray[tuple[int, ...], np.dtype[np.float64]]":
        run = fit(inference=NOISY, output={"samples": samples, "seed": seed})
        return np.asarray(np.load(run / "samples" / "ntk_t2.npy"))

    first = draws(3, 0)
    np.testing.assert_array_equal(draws(3, 0), first)
    np.testing.assert_array_equal(draws(5, 0)[:3], first)
    assert not np.allclose(draws(3, 1), first)


def test_several_targets_are_drawn_apart(fit: Fit, write: Write, small_data: None, tmp_path: Path) -> None:
    add_second_target(write, tmp_path)
    run = fit(data={"target": ["y", "z"]}, inference=NOISY, output={"samples": 4})
    draws = np.load(run / "samples" / "nngp_tinf.npy")
    assert draws.shape == (4, 5, 2)
    # z = 3 y - 1 in the data, but the functions are independent.
    assert not np.allclose(draws[:, :, 1], 3 * draws[:, :, 0] - 1)


def test_the_baselines_are_the_mean_and_least_squares(fit: Fit, tmp_path: Path) -> None:
    run = fit(inference=NOISY)
    train, test = (pd.read_csv(tmp_path / f"{name}.csv") for name in ("train", "test"))
    y, observed = train["y"].to_numpy(), test["y"].to_numpy()
    design = [np.column_stack([np.ones(len(t)), t[["a", "b", "c"]]]) for t in (train, test)]
    weights, residual, _, _ = np.linalg.lstsq(design[0], y, rcond=None)
    mean, linear = load_json(run / "metrics.json")["baselines"]
    assert (mean["model"], linear["model"]) == ("mean", "linear")
    assert mean["rmse"] == pytest.approx(np.sqrt(np.mean((observed - y.mean()) ** 2)), rel=1e-9)
    assert linear["rmse"] == pytest.approx(np.sqrt(np.mean((observed - design[1] @ weights) ** 2)), rel=1e-9)
    variance = residual[0] / (len(train) - 4)
    z = (observed - design[1] @ weights) ** 2 / variance
    assert linear["nll"] == pytest.approx(np.mean(0.5 * (z + np.log(2 * np.pi * variance))), rel=1e-9)


def test_matrices_are_written_though_the_ridge_is_not_known(
    make_spec: MakeSpec, ntk: Ntk, tmp_path: Path
) -> None:
    outcome = ntk("kernel", make_spec(inference={"kernel": "ntkgp", "ridge": "auto"}))
    assert outcome.returncode == 0
    assert (tmp_path / "run" / "kernels" / "ntk_train_train.npy").exists()


def test_a_part_of_the_file_is_predicted(make_spec: MakeSpec, ntk: Ntk, tmp_path: Path) -> None:
    data = {"test": None, "split": {"test": 0.25, "seed": 3}}
    assert ntk("fit", make_spec(data=data, inference={"ridge": 0.1})).returncode == 0
    table = pd.read_csv(tmp_path / "run" / "predictions.csv")
    train = pd.read_csv(tmp_path / "train.csv")
    assert len(table) == 4 - 1
    np.testing.assert_array_equal(values(table, "y"), train["y"].to_numpy()[table["row"]])
    assert load_json(tmp_path / "run" / "metrics.json")["rows"] == "test"
