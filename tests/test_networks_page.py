"""The spec that docs/networks.md has for reproducing neural-tangents does: on the data of its references."""

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import numpy as np
import pandas as pd
import pytest
import yaml

from ntkcli.arrays import FloatArray

from .test_docs import ROOT, blocks

CASE = "predict_relu_0_reg0"
OURS = {"train": "train.csv", "test": "test.csv", "target": ["y0", "y1"]}


@pytest.fixture(scope="module")
def reference() -> dict[str, FloatArray]:
    """The arrays of the case, which has the block's settings."""
    with np.load(ROOT / "tests" / "references" / "neural_tangents.npz") as file:
        settings = json.loads(str(file["manifest"]))[CASE]
        arrays = {
            name.removeprefix(f"{CASE}/"): file[name] for name in file.files if name.startswith(f"{CASE}/")
        }
    network, inference = (block()[name] for name in ("network", "inference"))
    assert {
        key: network[key] for key in ("activation", "depth", "sigma_w", "sigma_b")
    }.items() <= settings.items()
    assert inference["learning_rate"] == settings["learning_rate"]
    return arrays


def block() -> dict[str, dict[str, object]]:
    """The spec of the page."""
    texts = [found.text for found in blocks(ROOT / "docs" / "networks.md")]
    (text,) = [text for text in texts if text.startswith("# as_neural_tangents.yaml")]
    content: dict[str, dict[str, object]] = yaml.safe_load(text)
    return content


def write_table(path: Path, x: FloatArray, y: FloatArray | None) -> None:
    table = pd.DataFrame(x, columns=[f"x{i}" for i in range(x.shape[1])])
    if y is not None:
        table[["y0", "y1"]] = y
    table.to_csv(path, index=False, float_format="%.17g")


def test_the_spec_for_neural_tangents_gives_its_numbers(
    reference: dict[str, FloatArray], ntk: Callable[..., CompletedProcess[str]], tmp_path: Path
) -> None:
    """The references are of the summed loss: theirs at time T are those of the mean loss at n k T = 80 T."""
    write_table(tmp_path / "train.csv", reference["x_train"], reference["y_train"])
    write_table(tmp_path / "test.csv", reference["x_test"], None)
    spec = block()
    spec["data"] |= OURS
    (tmp_path / "spec.yaml").write_text(yaml.safe_dump(spec))
    outcome = ntk("fit", "spec.yaml", "--out", "run")
    assert outcome.returncode == 0, outcome.stderr
    found = pd.read_csv(tmp_path / "run" / "predictions.csv")
    for kernel in ("ntk", "nngp"):
        for time in (1, 10):
            rows = found[(found["kernel"] == kernel) & (found["time"] == 80 * time)]
            mean, covariance = (reference[f"{kernel}_{what}_t{time}"] for what in ("mean", "cov"))
            np.testing.assert_allclose(rows[["y0_mean", "y1_mean"]], mean, rtol=1e-8, atol=1e-8)
            np.testing.assert_allclose(rows["y0_std"], np.sqrt(covariance.diagonal()), rtol=1e-7)
