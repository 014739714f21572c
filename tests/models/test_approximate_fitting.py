"""The model of an approximation: centres and arrays of their size, whatever the rows."""

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import numpy as np
import pandas as pd
import pytest

Ntk = Callable[..., CompletedProcess[str]]
MakeSpec = Callable[..., Path]
Fitted = Callable[..., Path]

CENTRES = 12
KERNELS: dict[str, Any] = {"kernel": ["ntk", "ntkgp", "nngp"], "time": [0, 0.5, "inf"], "ridge": 0.5}


@pytest.fixture
def approximate(make_spec: MakeSpec, ntk: Ntk, tmp_path: Path) -> Fitted:
    """Fit so many rows, and give the run directory."""

    def fit(rows: int = 60, **inference: Any) -> Path:
        approximation = {"method": "nystrom", "centres": CENTRES}
        spec = make_spec(inference={**KERNELS, **inference, "approximation": approximation})
        x = np.random.default_rng(rows).normal(size=(rows, 3))
        table = pd.DataFrame(x, columns=["a", "b", "c"]).assign(y=x[:, 0] + np.sin(x[:, 1]))
        table.to_csv(tmp_path / "train.csv", index=False)
        outcome = ntk("fit", spec, "--overwrite", "-qq")
        assert outcome.returncode == 0, outcome.stderr
        return tmp_path / "run"

    return fit


def sizes(run: Path) -> dict[str, int]:
    return {str(path.relative_to(run)): path.stat().st_size for path in (run / "model").rglob("*.npy")}


def test_a_model_is_as_large_for_many_rows_as_for_few(approximate: Fitted) -> None:
    assert sizes(approximate(40)) == sizes(approximate(400))


def test_a_model_needs_neither_the_rows_nor_its_place(approximate: Fitted, ntk: Ntk, tmp_path: Path) -> None:
    run = approximate()
    expected = (run / "predictions.csv").read_bytes()
    (tmp_path / "train.csv").unlink()
    (tmp_path / "spec.yaml").unlink()
    run.rename(tmp_path / "moved")
    outcome = ntk("predict", "moved", "test.csv", "--out", "again.csv")
    # No solver begins again, of which there would be a note.
    assert (outcome.returncode, outcome.stderr) == (0, "")
    columns = ["y_mean", "y_std"]
    found = pd.read_csv(tmp_path / "again.csv")[columns]
    (tmp_path / "expected.csv").write_bytes(expected)
    pd.testing.assert_frame_equal(found, pd.read_csv(tmp_path / "expected.csv")[columns], check_exact=True)


@pytest.mark.parametrize("kernel", ["ntk", "ntkgp", "nngp"])
def test_each_kernel_can_be_predicted_alone(
    approximate: Fitted, ntk: Ntk, tmp_path: Path, kernel: str
) -> None:
    run = approximate()
    outcome = ntk("predict", "run", "test.csv", "--kernel", kernel, "--time", "inf", "--out", "one.csv")
    assert outcome.returncode == 0
    table = pd.read_csv(run / "predictions.csv", dtype={"time": str})
    expected = table[(table["kernel"] == kernel) & (table["time"] == "inf")].reset_index(drop=True)
    found = pd.read_csv(tmp_path / "one.csv", dtype={"time": str})
    pd.testing.assert_frame_equal(
        found[["y_mean", "y_std"]], expected[["y_mean", "y_std"]], rtol=1e-12, atol=1e-12
    )


def test_a_damaged_or_missing_array_is_refused_by_name(approximate: Fitted, ntk: Ntk) -> None:
    run = approximate()
    arrays = [name for name in sizes(run) if "features/" in name or "centres" in name or "factors" in name]
    assert len(arrays) > 3
    for name in arrays:
        path = run / name
        content = path.read_bytes()
        for damaged in (content[:-8], content[:-1] + bytes([content[-1] ^ 1]), None):
            if damaged is None:
                path.unlink()
            else:
                path.write_bytes(damaged)
            outcome = ntk("predict", "run", "test.csv")
            assert (outcome.returncode, outcome.stdout) == (3, ""), (name, outcome.stderr)
            assert path.name in outcome.stderr
            path.write_bytes(content)


def test_a_bound_of_the_evidence_is_there_for_posteriors_with_noise_alone(approximate: Fitted) -> None:
    asked: list[tuple[dict[str, Any], list[str]]] = [
        ({}, ["ntkgp", "nngp"]),
        ({"kernel": "nngp", "time": 0.5}, []),
        ({"kernel": "ntk"}, []),
        ({"kernel": "nngp", "ridge": 0}, []),
    ]
    for keys, names in asked:
        content = json.loads((approximate(**keys) / "run.json").read_text())
        assert list(content["approximation"]["log_marginal_likelihood_bound"]) == names
