"""Parquet and Feather files in place of CSV files: the same bytes come out."""

import io
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import numpy as np
import pandas as pd
import pytest

Ntk = Callable[..., CompletedProcess[str]]

SPEC = """data: {{train: train.{0}, test: test.{0}, target: y, id: name, missing: mean}}
inference: {{kernel: [nngp, ntk], time: [1, inf]}}
"""


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    """train and test in every format, with columns of every kind."""
    rng = np.random.default_rng(3)
    table = pd.DataFrame(
        {
            "name": [f"00{row}" for row in range(30)],
            "a": rng.normal(size=30),
            "n": rng.integers(0, 9, 30),
            "is": rng.normal(size=30) > 0,
            "c": pd.Categorical(rng.choice(["x", "y", "z"], 30)),
            "y": rng.normal(size=30),
        }
    )
    table.loc[[3, 27], "a"] = np.nan
    for name, part in (("train", table[:22]), ("test", table[22:])):
        part = part.reset_index(drop=True)
        part.to_csv(tmp_path / f"{name}.csv", index=False)
        part.to_parquet(tmp_path / f"{name}.parquet", row_group_size=7)
        part.to_feather(tmp_path / f"{name}.feather")
    return tmp_path


@pytest.fixture
def run(tables: Path, ntk: Ntk) -> Callable[[str], Path]:
    """The run directory of a fit to the files with an ending."""

    def fit(ending: str) -> Path:
        (tables / f"{ending}.yaml").write_text(SPEC.format(ending))
        outcome = ntk("fit", f"{ending}.yaml", "--out", ending)
        assert outcome.returncode == 0, outcome.stderr
        return tables / ending

    return fit


@pytest.mark.parametrize("ending", ["parquet", "feather"])
def test_a_fit_gives_the_same_bytes(run: Callable[[str], Path], ending: str) -> None:
    found, expected = (run(name) / "predictions.csv" for name in (ending, "csv"))
    assert found.read_bytes() == expected.read_bytes()


@pytest.mark.parametrize("ending", ["parquet", "feather"])
@pytest.mark.parametrize(("command", "options"), [("predict", []), ("evaluate", ["--json", "--importance"])])
def test_a_model_takes_any_format(
    run: Callable[[str], Path], ntk: Ntk, command: str, options: list[str], ending: str
) -> None:
    run("csv")
    found, expected = (ntk(command, "csv", f"test.{name}", *options) for name in (ending, "csv"))
    assert (found.returncode, found.stdout) == (0, expected.stdout)


@pytest.mark.parametrize("ending", ["parquet", "feather", "csv"])
def test_standard_input_may_have_any_format(
    run: Callable[[str], Path], ntk: Ntk, tables: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    run("csv")
    expected = ntk("predict", "csv", "test.csv")
    content = io.BytesIO((tables / f"test.{ending}").read_bytes())
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(content))
    assert ntk("predict", "csv", "-").stdout == expected.stdout


@pytest.mark.parametrize("ending", ["parquet", "feather", "arrow"])
def test_predictions_are_written_in_the_format_of_their_name(
    run: Callable[[str], Path], ntk: Ntk, tables: Path, ending: str
) -> None:
    run("csv")
    outcome = ntk("predict", "csv", "test.csv", "--out", f"new.{ending}")
    assert outcome.returncode == 0, outcome.stderr
    read = pd.read_parquet if ending == "parquet" else pd.read_feather
    assert ntk("predict", "csv", "test.csv").stdout == read(tables / f"new.{ending}").to_csv(index=False)


def test_a_damaged_file_is_refused_in_one_line(run: Callable[[str], Path], ntk: Ntk, tables: Path) -> None:
    run("csv")
    content = (tables / "test.parquet").read_bytes()
    (tables / "cut.parquet").write_bytes(content[:-30])
    outcome = ntk("predict", "csv", "cut.parquet", "--out", "new.parquet")
    assert (outcome.returncode, outcome.stdout, outcome.stderr.count("\n")) == (3, "", 1)
    assert "cut.parquet: the file is damaged" in outcome.stderr
    assert not (tables / "new.parquet").exists()


def test_a_missing_column_and_a_wrong_cell_are_told_with_the_file(
    run: Callable[[str], Path], ntk: Ntk, tables: Path
) -> None:
    run("csv")
    table = pd.read_parquet(tables / "test.parquet")
    table.drop(columns="a").to_parquet(tables / "less.parquet")
    table.assign(c="w").to_parquet(tables / "other.parquet")
    outcome = ntk("predict", "csv", "less.parquet")
    assert (outcome.returncode, "less.parquet: has no column 'a'" in outcome.stderr) == (3, True)
    outcome = ntk("predict", "csv", "other.parquet")
    assert (outcome.returncode, "other.parquet:0: column 'c': found 'w'" in outcome.stderr) == (3, True)


@pytest.mark.parametrize(
    "words", [("test.parquet",), ("test.csv", "--out", "new.parquet"), ("test.csv", "--out", "new.feather")]
)
def test_without_pyarrow_one_line_tells_what_to_install(
    run: Callable[[str], Path], ntk: Ntk, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    run("csv")
    monkeypatch.setattr("ntkcli.data.arrow_batches.is_installed", lambda _: False)
    outcome = ntk("predict", "csv", *words)
    assert (outcome.returncode, outcome.stdout) == (2, "")
    assert outcome.stderr.endswith(f"{words[-1]}: needs pyarrow: pip install 'ntkcli[parquet]'\n")
