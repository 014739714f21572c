import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ntkcli.arrays import FloatArray
from ntkcli.jobs.network import network_of
from ntkcli.kernels.evaluator import Evaluator
from ntkcli.planning.sizes import matrix_parts
from ntkcli.spec.network import NetworkSpec

from .run_files import Fit, MakeSpec, Ntk

NAMES = [
    f"{kernel}_{pair}" for kernel in ("nngp", "ntk") for pair in ("train_train", "test_train", "test_test")
]
NETWORKS: list[dict[str, Any]] = [
    {},
    {"depth": 1, "sigma_b": 1.0},
    {"depth": 4, "activation": "erf", "sigma_w": 1.2, "sigma_b": 0.0},
    {"depth": 2, "activation": "identity"},
]


@pytest.fixture
def kernel(make_spec: MakeSpec, ntk: Ntk, tmp_path: Path) -> Callable[..., Path]:
    """Write the matrices of a spec with these sections, and give their folder."""

    def write_kernels(**sections: dict[str, Any]) -> Path:
        outcome = ntk("kernel", make_spec(**sections), "--overwrite", "-qq")
        assert (outcome.returncode, outcome.stdout, outcome.stderr) == (0, "", "")
        return tmp_path / "run" / "kernels"

    return write_kernels


def standardised(folder: Path) -> dict[str, FloatArray]:
    """The features of the small data, standardised by the training rows."""
    rows = {
        name: pd.read_csv(folder / f"{name}.csv")[["a", "b", "c"]].to_numpy() for name in ("train", "test")
    }
    mean, scale = rows["train"].mean(axis=0), rows["train"].std(axis=0)
    return {name: (x - mean) / scale for name, x in rows.items()}


def expected_matrix(name: str, x: dict[str, FloatArray], settings: dict[str, Any]) -> FloatArray:
    """A matrix such as ntk_test_train, straight from the network."""
    kernel, rows, columns = matrix_parts(name)
    network = network_of(NetworkSpec(**settings), x[rows].shape[1])
    matrix = Evaluator(network).rectangle(network.rows(x[rows]), network.rows(x[columns]), [kernel])[kernel]
    return np.array(matrix)


@pytest.mark.parametrize("settings", NETWORKS)
@pytest.mark.parametrize("name", NAMES)
def test_a_matrix_is_the_networks_of_the_standardised_features(
    kernel: Fit, tmp_path: Path, name: str, settings: dict[str, Any]
) -> None:
    found = np.load(kernel(network=settings, output={"kernels": NAMES}) / f"{name}.npy", mmap_mode="r")
    expected = expected_matrix(name, standardised(tmp_path), settings)
    assert found.shape == tuple(14 if side == "train" else 5 for side in name.split("_")[1:])
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-12)


def test_a_fit_writes_the_same_matrices_as_kernel(kernel: Fit, fit: Fit) -> None:
    sections: dict[str, dict[str, Any]] = {"output": {"kernels": NAMES}, "inference": {"ridge": 0.5}}
    alone = {path.name: path.read_bytes() for path in kernel(**sections).iterdir()}
    assert len(alone) == len(NAMES)
    assert {path.name: path.read_bytes() for path in (fit(**sections) / "kernels").iterdir()} == alone


@pytest.mark.parametrize("pair", ["train_train", "test_test"])
def test_a_matrix_of_rows_with_themselves_is_symmetric_to_the_bit(kernel: Fit, pair: str) -> None:
    matrix = np.load(kernel(output={"kernels": NAMES}) / f"ntk_{pair}.npy")
    np.testing.assert_array_equal(matrix, matrix.T)


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ("ntk", ["ntk_train_train", "ntk_test_train"]),
        ("ntkgp", ["ntk_train_train", "ntk_test_train"]),
        (["nngp", "ntk"], ["nngp_train_train", "nngp_test_train", "ntk_train_train", "ntk_test_train"]),
    ],
)
def test_by_default_the_matrices_are_those_that_predictions_are_made_from(
    kernel: Fit, asked: str | list[str], names: list[str]
) -> None:
    found = kernel(inference={"kernel": asked})
    assert sorted(path.stem for path in found.iterdir()) == sorted(names)


def test_without_a_test_file_there_is_the_training_rows_matrix(kernel: Fit) -> None:
    found = kernel(data={"test": None})
    assert [path.stem for path in found.iterdir()] == ["ntk_train_train"]


def test_nothing_is_written_beside_the_matrices_but_the_story_of_the_run(kernel: Fit) -> None:
    run = kernel().parent
    assert sorted(path.name for path in run.iterdir()) == ["kernels", "run.json", "spec.yaml"]
    manifest = json.loads((run / "run.json").read_text())
    assert manifest["solvers"] == []
    assert manifest["compute"]["storage"] == "memory"
    assert manifest["data"]["train"]["rows"] == 14


def test_every_file_written_is_named(make_spec: MakeSpec, ntk: Ntk) -> None:
    outcome = ntk("kernel", make_spec(), "--out", "out")
    assert outcome.stdout.splitlines() == [
        "wrote out/kernels/ntk_train_train.npy",
        "wrote out/kernels/ntk_test_train.npy",
    ]
    assert outcome.stderr == ""


def test_duplicate_rows_are_no_trouble(kernel: Fit, write: Callable[[str, str], Path]) -> None:
    write("train.csv", "a,b,y\n1,2,3\n2,1,4\n1,2,5\n")
    matrix = np.load(kernel(data={"test": None}) / "ntk_train_train.npy")
    assert matrix[0, 0] == matrix[2, 2]
    assert matrix[0, 2] == pytest.approx(matrix[0, 0], rel=1e-14)


def test_the_number_of_rows_written_at_a_time_changes_nothing(
    kernel: Fit, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = np.load(kernel() / "ntk_test_train.npy")
    monkeypatch.setattr("ntkcli.runs.matrices.CHUNK_ROWS", 2)
    np.testing.assert_allclose(np.load(kernel() / "ntk_test_train.npy"), at_once, rtol=1e-12)


def test_float32_is_the_type_of_the_file(kernel: Fit) -> None:
    exact = np.load(kernel() / "ntk_test_train.npy")
    short = np.load(kernel(compute={"dtype": "float32"}) / "ntk_test_train.npy")
    assert short.dtype == np.float32
    np.testing.assert_array_equal(short, exact.astype(np.float32))


def test_a_kernel_run_may_be_overwritten_by_a_fit(kernel: Fit, fit: Fit) -> None:
    kernel()
    assert not (fit() / "kernels").exists()


def test_a_second_run_needs_overwrite(make_spec: MakeSpec, ntk: Ntk) -> None:
    assert ntk("kernel", make_spec()).returncode == 0
    assert ntk("kernel", make_spec()).returncode == 6


def test_the_results_of_a_fit_are_not_overwritten(make_spec: Callable[..., Path], ntk: Ntk) -> None:
    spec = make_spec()
    assert ntk("fit", spec).returncode == 0
    outcome = ntk("kernel", spec, "--overwrite")
    assert outcome.returncode == 6
    assert "holds metrics.json, which this command does not write" in outcome.stderr
    assert ntk("fit", spec, "--overwrite").returncode == 0
