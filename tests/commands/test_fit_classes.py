"""Classes, from the text of a target to calibrated probabilities."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ntkcli.results.temperature import fit_temperature, probabilities

from .run_files import Ntk, load_json

Write = Callable[[str, str], Path]
CLASSES = ["ash", "birch", "oak"]
CENTRES = np.array([[0.0, 0.0], [3.0, 0.0], [0.0, 3.0]])
SPEC = """
data: {train: train.csv, test: test.csv, target: tree}
inference: {kernel: KERNEL, ridge: 0.1, ridge_scale: absolute}
output: {dir: run}
"""


def trees(rows: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    labels = rng.integers(3, size=rows)
    x = CENTRES[labels] + rng.normal(scale=0.8, size=(rows, 2))
    return pd.DataFrame(x, columns=["height", "girth"]).assign(tree=[CLASSES[label] for label in labels])


@pytest.fixture
def fitted(write: Write, ntk: Ntk, tmp_path: Path) -> Callable[[str], Path]:
    """Fit the trees with a kernel, and give the run directory."""

    def fit(kernel: str = "nngp") -> Path:
        write("train.csv", trees(40, 1).to_csv(index=False))
        write("test.csv", trees(60, 2).to_csv(index=False))
        outcome = ntk("fit", write("spec.yaml", SPEC.replace("KERNEL", kernel)), "--overwrite", "-qq")
        assert (outcome.returncode, outcome.stderr) == (0, "")
        return tmp_path / "run"

    return fit


def columns(table: pd.DataFrame, kind: str) -> "np.ndarray[tuple[int, ...], np.dtype[np.float64]]":
    return table[[f"tree_{kind}_{label}" for label in CLASSES]].to_numpy(dtype=np.float64)


@pytest.mark.parametrize("kernel", ["nngp", "ntk", "ntkgp"])
def test_classes_far_apart_are_distinguished(fitted: Callable[[str], Path], kernel: str) -> None:
    run = fitted(kernel)
    (score,) = load_json(run / "metrics.json")["scores"]
    assert score["accuracy"] > 0.9
    assert score["log_loss"] < 0.4
    assert score["ece"] < 0.15
    assert np.trace(score["confusion_matrix"]) == pytest.approx(60 * score["accuracy"])
    mean, linear = load_json(run / "metrics.json")["baselines"]
    assert (mean["model"], linear["model"]) == ("mean", "linear")
    assert mean["accuracy"] < 0.6 < linear["accuracy"]


def test_a_row_has_the_class_of_its_highest_score(fitted: Callable[[str], Path]) -> None:
    table = pd.read_csv(fitted("nngp") / "predictions.csv")
    best = columns(table, "score").argmax(axis=1)
    assert table["tree_class"].tolist() == [CLASSES[i] for i in best]
    np.testing.assert_allclose(columns(table, "probability").sum(axis=1), 1.0, rtol=1e-12)
    assert (columns(table, "probability").argmax(axis=1) == best).all()


def test_the_temperature_is_that_of_rows_really_held_out(
    fitted: Callable[[str], Path], write: Write, ntk: Ntk, tmp_path: Path
) -> None:
    run = fitted("nngp")
    table = pd.read_csv(run / "predictions.csv")
    (found,) = load_json(run / "run.json")["calibration"]["found"]
    np.testing.assert_allclose(
        columns(table, "probability"), probabilities(columns(table, "score"), found["temperature"]), rtol=1e-9
    )
    # Columns are standardised by all rows in the closed form: keep the same scales for every held-out row.
    spec = SPEC.replace("KERNEL", "nngp").replace("target: tree", "target: tree, standardize: false")
    path, train = write("spec.yaml", spec), trees(40, 1)
    ntk("fit", path, "--overwrite")
    (found,) = load_json(run / "run.json")["calibration"]["found"]
    scores = []
    for row in range(len(train)):
        write("train.csv", train.drop(index=row).to_csv(index=False))
        write("test.csv", train.iloc[[row]].to_csv(index=False))
        assert ntk("fit", path, "--overwrite", "-qq").returncode == 0
        scores.append(columns(pd.read_csv(run / "predictions.csv"), "score")[0])
    labels = np.array([CLASSES.index(label) for label in train["tree"]])
    assert found["temperature"] == pytest.approx(fit_temperature(np.array(scores), labels), rel=1e-8)


def test_what_the_temperature_comes_from_is_reported(write: Write, ntk: Ntk) -> None:
    write("train.csv", trees(40, 1).to_csv(index=False))
    write("test.csv", trees(60, 2).to_csv(index=False))
    outcome = ntk("fit", write("spec.yaml", SPEC.replace("KERNEL", "nngp")))
    assert "probabilities: their temperature is by 40 training rows, each left out" in outcome.stderr
    assert outcome.stdout.splitlines()[0].split() == [
        "rows", "kernel", "time", "accuracy", "log_loss", "brier", "seconds",
    ]  # fmt: skip


def test_a_check_reports_the_classes_and_the_encoding(write: Write, ntk: Ntk) -> None:
    table = trees(40, 1).assign(soil=["clay", "sand"] * 20, old=["true", "False"] * 20)
    write("train.csv", table.to_csv(index=False))
    spec = "data: {train: train.csv, target: tree}\ninference: {kernel: nngp, ridge: auto}\n"
    outcome = ntk("check", write("spec.yaml", spec))
    assert outcome.returncode == 0
    assert "40 training rows, no test rows, 5 features, 3 classes" in outcome.stdout
    assert "soil: 2 categories (clay, sand)" in outcome.stdout
    assert "old: true or false" in outcome.stdout
    assert "tree (target): ash, birch, oak" in outcome.stdout
    assert "ridge: by leave-one-out, from an eigendecomposition of 40 rows, about" in outcome.stdout


def test_a_class_that_training_had_not_is_reported_at_its_line(
    write: Write, ntk: Ntk, tmp_path: Path
) -> None:
    write("train.csv", trees(40, 1).to_csv(index=False))
    write("test.csv", trees(3, 2).to_csv(index=False) + "1,1,elm\n")
    outcome = ntk("fit", write("spec.yaml", SPEC.replace("KERNEL", "nngp")))
    assert outcome.returncode == 3
    assert outcome.stderr.startswith("ntk: error: ")
    assert (
        "test.csv:5: column 'tree': class 'elm' is not in the training rows (ash, birch, oak)"
        in outcome.stderr
    )
    assert not (tmp_path / "run").exists()
