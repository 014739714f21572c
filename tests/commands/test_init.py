"""`ntk init`: the spec that it writes runs as it is, and nothing is lost on the way."""

import io
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ntkcli.commands.init import init
from ntkcli.data.dataset import Dataset
from ntkcli.data.raw_data import RawData
from ntkcli.drafts.templates import TEMPLATES
from ntkcli.spec.file import read_spec

Ntk = Callable[..., CompletedProcess[str]]
Write = Callable[[str, str | bytes], Path]

N = 60


def table(rows: int = N) -> pd.DataFrame:
    """A column of every kind, with gaps."""
    rng = np.random.default_rng(0)
    found = pd.DataFrame(
        {
            "id": range(rows),
            "who": [f"name {i}" for i in range(rows)],
            "size": np.exp(2 * rng.normal(size=rows)),
            "n": rng.integers(0, 9, rows),
            "kind": rng.choice(["u", "v", "w"], rows),
            "zip": rng.integers(80000, 80012, rows),
            "on": [str(day)[:10] for day in pd.date_range("2020-01-01", periods=rows, freq="9D")],
            "same": 1,
            "none": None,
            "score": rng.normal(size=rows),
        }
    )
    found.loc[[3, 17], "size"] = None
    found.loc[[4, 9], "kind"] = None
    found.loc[[5], "score"] = None
    return found


def data_of(spec: Path) -> Dataset:
    """The data of a spec, read as `ntk check` and `ntk fit` read it."""
    data = read_spec(spec).spec.data
    return RawData.read(data).dataset(data.model_copy(update={"log": [], "target_transform": "none"}))


WRITERS: dict[str, Callable[[pd.DataFrame, Path], Any]] = {
    "t.csv": lambda frame, path: frame.to_csv(path, index=False),
    "t.csv.gz": lambda frame, path: frame.to_csv(path, index=False),
    "german.csv": lambda frame, path: frame.to_csv(
        path, index=False, sep=";", decimal=",", encoding="utf-16"
    ),
    "indexed.csv": lambda frame, path: frame.to_csv(path),
    "t.parquet": lambda frame, path: frame.to_parquet(path),
    "t.feather": lambda frame, path: frame.to_feather(path),
}


@pytest.mark.parametrize("name", WRITERS)
def test_the_spec_reads_the_table_whatever_its_format(tmp_path: Path, ntk: Ntk, name: str) -> None:
    WRITERS[name](table(), tmp_path / name)
    outcome = ntk("init", name, "score")
    assert outcome.returncode == 0, outcome.stderr
    spec = name.partition(".")[0] + ".yaml"
    assert outcome.stdout.startswith(f"wrote {spec}: 60 rows, target score (regression), 5 features")
    found = data_of(tmp_path / spec)
    assert [feature.name for feature in found.schema.features.features] == ["size", "n", "kind", "zip", "on"]
    assert len(found.train) + len(found.test) == N - 1


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_template_passes_the_check(tmp_path: Path, ntk: Ntk, template: str) -> None:
    target = "kind" if template == "classification" else "score"
    table().to_csv(tmp_path / "t.csv", index=False)
    for words in (("init", "t.csv", target, "--template", template), ("check", "t.yaml")):
        outcome = ntk(*words)
        assert outcome.returncode == 0, outcome.stderr


def test_what_comes_next_is_told(tmp_path: Path, ntk: Ntk) -> None:
    table().to_csv(tmp_path / "t.csv", index=False)
    last = [
        ntk("init", "t.csv", *words, "--overwrite").stdout.rpartition("next: ")[2]
        for words in ([], ["--template", "tune"])
    ]
    assert last == ["ntk check t.yaml, ntk fit t.yaml\n", "ntk check t.yaml, ntk tune t.yaml\n"]


def test_the_spec_fits_and_its_model_predicts_the_table(tmp_path: Path, ntk: Ntk) -> None:
    table().to_csv(tmp_path / "t.csv", index=False)
    for words in (("init", "t.csv", "score"), ("fit", "t.yaml"), ("predict", "runs/t", "t.csv")):
        outcome = ntk(*words)
        assert outcome.returncode == 0, outcome.stderr
    assert len(outcome.stdout.splitlines()) == N + 1


CELLS = st.one_of(
    st.integers(-5, 5).map(str),
    st.floats(-1e6, 1e6).map(repr),
    st.sampled_from(["", "NA", "-999", "x", "y", "2020-01-31", "true", "5%", "id 7", "1,5", "-"]),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    cells=st.lists(st.lists(CELLS, min_size=12, max_size=12), min_size=1, max_size=3),
    name=st.text(min_size=1, max_size=5),
)
def test_whatever_the_cells_are_the_spec_reads_them(
    tmp_path: Path, cells: list[list[str]], name: str
) -> None:
    columns = {f"{name.strip()}{i}": column for i, column in enumerate(cells)}
    path, spec = tmp_path / "t.csv", tmp_path / "t.yaml"
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(columns).assign(x=rng.normal(size=12), target=rng.normal(size=12))
    frame.to_csv(path, index=False)
    init(path, target="target", out=spec, overwrite=True)
    assert len(data_of(spec).train) == 10


def test_paths_are_relative_to_the_spec(tmp_path: Path, write: Write, ntk: Ntk) -> None:
    write("in/t.csv", table().to_csv(index=False))
    write("in/new.csv", table(20).to_csv(index=False))
    (tmp_path / "specs").mkdir()
    words = ("init", "in/t.csv", "score", "--test", "in/new.csv", "--out", "specs/s.yaml")
    assert ntk(*words).returncode == 0
    text = (tmp_path / "specs/s.yaml").read_text()
    assert "  train: ../in/t.csv\n  test: ../in/new.csv\n" in text
    assert len(data_of(tmp_path / "specs/s.yaml").test) == 20


def test_editors_are_told_of_a_schema_that_is_there(tmp_path: Path, ntk: Ntk) -> None:
    table().to_csv(tmp_path / "t.csv", index=False)
    line = "# yaml-language-server: $schema=ntk.schema.json\n"
    first, *_ = ntk("init", "t.csv", "score", "--out", "-").stdout.splitlines()
    assert first == f"# For editors: ntk schema > ntk.schema.json, and as the first line here: {line.strip()}"
    (tmp_path / "ntk.schema.json").write_text(ntk("schema").stdout)
    assert ntk("init", "t.csv", "score", "--out", "-").stdout.startswith(line)


def test_standard_output_gets_the_spec_alone(tmp_path: Path, ntk: Ntk) -> None:
    table().to_csv(tmp_path / "t.csv", index=False)
    assert ntk("init", "t.csv", "score").returncode == 0
    outcome = ntk("init", "t.csv", "score", "--out", "-")
    assert outcome.stdout == (tmp_path / "t.yaml").read_text()


def test_a_file_that_is_there_stays_unless_told(write: Write, ntk: Ntk) -> None:
    write("t.csv", table().to_csv(index=False))
    spec = write("t.yaml", "mine")
    outcome = ntk("init", "t.csv", "score")
    assert (outcome.returncode, spec.read_text()) == (6, "mine")
    assert ntk("init", "t.csv", "score", "--overwrite").returncode == 0
    assert spec.read_text() != "mine"


class Typed(io.StringIO):
    """What somebody types into a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("typed", "target"), [("\n", "score"), ("n\n", "n"), ("no\nsize\n", "size")])
def test_a_terminal_is_asked_for_the_target(
    write: Write, ntk: Ntk, monkeypatch: pytest.MonkeyPatch, typed: str, target: str
) -> None:
    write("t.csv", table().to_csv(index=False))
    monkeypatch.setattr("sys.stdin", Typed(typed))
    outcome = ntk("init", "t.csv")
    assert outcome.returncode == 0, outcome.stderr
    assert f"target {target} (" in outcome.stdout


def test_a_terminal_without_an_answer_is_an_error_of_usage(
    write: Write, ntk: Ntk, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("t.csv", table().to_csv(index=False))
    monkeypatch.setattr("sys.stdin", Typed(""))
    outcome = ntk("init", "t.csv")
    assert (outcome.returncode, outcome.stdout) == (2, "")
    assert outcome.stderr.splitlines()[-1].startswith("ntk: error: no target")


def test_nobody_is_asked_where_there_is_no_terminal(
    write: Write, ntk: Ntk, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("t.csv", table().to_csv(index=False))
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    assert "target score (regression, a guess: the last column)" in ntk("init", "t.csv").stdout


def test_the_table_is_not_written_over(write: Write, ntk: Ntk) -> None:
    path = write("t.csv", table().to_csv(index=False))
    before = path.read_bytes()
    outcome = ntk("init", "t.csv", "score", "--out", "t.csv", "--overwrite")
    assert (outcome.returncode, path.read_bytes()) == (2, before)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (None, "t.csv: there is no such file: check the path, which is relative to the spec file"),
        (b"", "t.csv: the file is empty"),
        (b"a,b\n", "t.csv: has a header but no data rows"),
        (b"a,a\n1,2\n", "t.csv:1: column 'a' is there twice"),
        (b"a,b\n1,2\n1\n", "t.csv:3: "),
        (b"PK\x03\x04\xff\xff", "t.csv: is an archive or a workbook"),
        (b"a,b\n1,2\n1,3\n", "t.csv: has no column beside the target that could be a feature"),
        (b"a\n1\n2\n", "t.csv: has no column beside the target that could be a feature"),
        (b"\0\0\0", "t.csv"),
    ],
)
def test_what_cannot_be_read_is_one_line_and_no_spec(
    tmp_path: Path, write: Write, ntk: Ntk, content: bytes | None, what: str
) -> None:
    if content is not None:
        write("t.csv", content)
    outcome = ntk("init", "t.csv")
    assert outcome.returncode == 3
    assert outcome.stderr.startswith(f"ntk: error: {what}")
    assert not (tmp_path / "t.yaml").exists()
