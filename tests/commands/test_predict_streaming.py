"""Files of any length, in pieces, from anywhere to anywhere."""

import gzip
import io
import math
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from .run_files import ALL_KERNELS, Fit, Ntk, Write
from .test_predict import Sections, assert_same, fitted, mixed_rows, predicted

PREDICT = [sys.executable, "-m", "ntkcli", "predict", "run"]


def rows_of(count: int, seed: int = 1) -> pd.DataFrame:
    """Rows like those of the small data, without a target."""
    x = np.random.default_rng(seed).normal(size=(count, 3)) * [1.0, 20.0, 0.3] + [0.0, 100.0, -2.0]
    return pd.DataFrame(x, columns=["a", "b", "c"])


@pytest.fixture
def pieces(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Read so many rows at a time."""

    def read(rows: int) -> None:
        monkeypatch.setattr("ntkcli.models.choice.TABLE_ROWS", rows)

    return read


@pytest.mark.slow
@pytest.mark.parametrize("options", [["--std"], ["--no-std"]])
@pytest.mark.parametrize(
    "sections",
    [{}, {"network": {"activation": "tanh"}}, {"compute": {"solver": "eigh"}}],
    ids=["plain", "tables", "eigh"],
)
def test_rows_are_predicted_the_same_in_any_pieces(
    fit: Fit, ntk: Ntk, tmp_path: Path, pieces: Callable[[int], None], sections: Sections, options: list[str]
) -> None:
    fit(inference=ALL_KERNELS, **sections)
    rows = rows_of(141)
    if "network" in sections:
        # Near the training rows: rows beyond the tables are another test's.
        rows = rows.clip(rows.quantile(0.3), rows.quantile(0.7), axis=1)
    rows.assign(id=0).to_csv(tmp_path / "rows.csv", index=False)
    whole = predicted(ntk, tmp_path, "rows.csv", *options)
    assert list(whole["row"].unique()) == list(range(141))
    # One at a time is what the next three tests have, of fewer rows.
    for length in (7, 100, 128, 140):
        pieces(length)
        # Tables of activations may reach further in a piece, and are made to 1e-9.
        tolerance = 1e-8 if "network" in sections else 1e-12
        assert_same(predicted(ntk, tmp_path, "rows.csv", *options), whole, tolerance)


@pytest.mark.parametrize("missing", ["mean", "drop"])
@pytest.mark.parametrize("rows", [1, 5, 22])
def test_gaps_ids_and_classes_are_the_same_in_any_pieces(
    fit: Fit, ntk: Ntk, tmp_path: Path, pieces: Callable[[int], None], missing: str, rows: int
) -> None:
    for name, count in (("train.csv", 40), ("test.csv", 23)):
        mixed_rows(count, count).to_csv(tmp_path / name, index=False)
    data = {"target": "kind", "features": ["size", "colour", "is_new"], "id": "name", "missing": "mean"}
    expected = fitted(fit(data=data, inference={"ridge": 0.1}))
    assert_same(predicted(ntk, tmp_path), expected)
    if missing == "drop":
        kept = pd.read_csv(tmp_path / "train.csv").dropna()
        kept.to_csv(tmp_path / "train.csv", index=False)
        fit(data={**data, "missing": "drop", "test": None}, inference={"ridge": 0.1})
        ntk("predict", "run", "test.csv", "--out", "whole.csv")
        expected = pd.read_csv(tmp_path / "whole.csv", dtype={"time": str})
        assert 0 < len(expected) < 23
    pieces(rows)
    outcome = ntk("predict", "run", "test.csv", "--out", "pieces.csv")
    assert outcome.stderr.count("left out") == (missing == "drop")
    assert_same(pd.read_csv(tmp_path / "pieces.csv", dtype={"time": str}), expected)


@pytest.mark.parametrize("rows", [1, 2, 8192])
def test_rows_within_the_tables_are_not_changed_by_rows_beyond(
    fit: Fit, ntk: Ntk, tmp_path: Path, pieces: Callable[[int], None], rows: int
) -> None:
    run = fit(inference=ALL_KERNELS, network={"activation": "tanh"})
    near, far = pd.read_csv(tmp_path / "test.csv"), rows_of(2)
    far["a"] = [-4.0, 4.0]
    joined = pd.concat([far[:1], near[:3], far[1:], near[3:]])
    joined.drop(columns="y").to_csv(tmp_path / "joined.csv", index=False)
    pieces(rows)
    actual = predicted(ntk, tmp_path, "joined.csv")
    own = actual[~actual["row"].isin([0, 4])].reset_index(drop=True)
    assert_same(own.drop(columns="row"), fitted(run).drop(columns=["row", "y"]))


@pytest.mark.parametrize("activation", ["tanh", "elu", "sigmoid"])
@pytest.mark.parametrize("rows", [1, 8192])
def test_rows_beyond_the_tables_are_predicted_as_by_a_fit_that_knew_of_them(
    fit: Fit, ntk: Ntk, tmp_path: Path, pieces: Callable[[int], None], activation: str, rows: int
) -> None:
    far = rows_of(6)
    far["a"] = [4.0, 1.0, -5.0, 0.0, 3.5, 1.0]
    far.to_csv(tmp_path / "far.csv", index=False)
    asked: Sections = {"inference": ALL_KERNELS, "network": {"activation": activation}}
    expected = fitted(fit(**asked, data={"test": "far.csv"}))
    fit(**asked)
    pieces(rows)
    assert_same(predicted(ntk, tmp_path, "far.csv"), expected, 1e-8)


PEAK = """
import sys
from ntkcli.__main__ import main
try:
    main()
finally:
    status = open("/proc/self/status").read()
    print(status.split("VmHWM:")[1].split()[0], file=sys.stderr)
"""


def peak(tmp_path: Path, count: int, *words: str) -> int:
    """The most memory that a command takes for so many rows, in bytes."""
    rows_of(count).round(3).assign(y=0.0).to_csv(tmp_path / "rows.csv", index=False)
    command = [sys.executable, "-c", PEAK, *words]
    outcome = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True)
    return 1024 * int(outcome.stderr.split()[-1])


@pytest.mark.slow
@pytest.mark.parametrize("option", ["--std", "--no-std"])
def test_memory_does_not_grow_with_the_rows(fit: Fit, tmp_path: Path, option: str) -> None:
    fit(inference={"ridge": 0.1})
    peaks = []
    # A variance is predicted in shorter strips, which take longer.
    for count in (20_000, 300_000 if option == "--no-std" else 60_000):
        words = ["predict", "run", "rows.csv", "--out", "out.csv", "--overwrite", option]
        peaks.append(peak(tmp_path, count, *words))
        assert (tmp_path / "out.csv").read_bytes().count(b"\n") == count + 1
    assert peaks[1] - peaks[0] < 12 * 2**20


@pytest.mark.parametrize("compressed", [False, True])
def test_rows_come_from_standard_input(fit: Fit, tmp_path: Path, compressed: bool) -> None:
    run = fit(inference=ALL_KERNELS)
    text = (tmp_path / "test.csv").read_bytes()
    given = gzip.compress(text) if compressed else text
    outcome = subprocess.run([*PREDICT, "-"], cwd=tmp_path, input=given, capture_output=True, check=True)
    (tmp_path / "out.csv").write_bytes(outcome.stdout)
    assert_same(pd.read_csv(tmp_path / "out.csv", dtype={"time": str}), fitted(run))


@pytest.mark.parametrize(
    "given", [b"", b"a,b\n1,2\n", b"a,b,c\n1,2,x\n", b"a,b,c\n", b"\x1f\x8bno", b"\xff\xfe"]
)
def test_faults_of_standard_input_are_reported_by_that_name(
    fit: Fit, ntk: Ntk, given: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    fit()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(given)))
    outcome = ntk("predict", "run", "-")
    assert (outcome.returncode, outcome.stdout) == (3, "")
    line = outcome.stderr.splitlines()[-1]
    assert line.startswith("ntk: error: standard input:"), line
    assert "/tmp" not in line


def test_a_file_that_ends_in_gz_is_compressed_and_the_same_each_time(
    fit: Fit, ntk: Ntk, tmp_path: Path
) -> None:
    run = fit(inference=ALL_KERNELS)
    found = []
    for name in ("one.csv.gz", "two.csv.gz"):
        assert ntk("predict", "run", "test.csv", "--out", name).returncode == 0
        found.append((tmp_path / name).read_bytes())
    assert found[0] == found[1]
    assert_same(pd.read_csv(tmp_path / "one.csv.gz", dtype={"time": str}), fitted(run))


def test_standard_output_has_the_rows_and_nothing_else(fit: Fit, ntk: Ntk, tmp_path: Path) -> None:
    fit(inference=ALL_KERNELS)
    ntk("predict", "run", "test.csv", "--out", "out.csv")
    for options in ([], ["--out", "-"], ["-qq"]):
        assert ntk("predict", "run", "test.csv", *options).stdout == (tmp_path / "out.csv").read_text()


def test_a_reader_that_goes_away_ends_it_without_a_word(fit: Fit, tmp_path: Path) -> None:
    fit(inference={"ridge": 0.1})
    rows_of(60_000).round(3).to_csv(tmp_path / "rows.csv", index=False)
    words = [*PREDICT, "rows.csv", "--no-std"]
    with subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == b"row,kernel,time,y_mean\n"
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 0


GOOD = "a,b,c\n" + "1,100,-2\n" * 9
BAD = {
    "a column missing": (GOOD.replace("b", "B"), ":1: has no column 'b', a feature of the model; did you "),
    "text in a number": (GOOD + "1,red,-2\n", ":11: column 'b': found 'red'"),
    "a gap": (GOOD + "1,,-2\n", ":11: column 'b': is empty"),
    "not a number": (GOOD + "1,nan,-2\n", ":11: column 'b': found 'nan'"),
    "a short row": (GOOD + "1,2\n", ":11: has 2 fields where the header has 3"),
    "a long row": (GOOD + "1,2,3,4\n", ":11: has 4 fields where the header has 3"),
    "a header only": ("a,b,c\n", "has a header but no data rows"),
    "nothing": ("", "the file is empty"),
    "a column twice": ("a,a,b,c\n1,1,2,3\n", ":1: column 'a' is there twice"),
}  # fmt: skip


@pytest.mark.parametrize("rows", [4, 8192])
@pytest.mark.parametrize(("text", "reported"), BAD.values(), ids=BAD)
@pytest.mark.parametrize("out", ["out.csv", "out.csv.gz"])
def test_a_bad_file_is_reported_in_a_line_and_leaves_nothing(
    fit: Fit,
    ntk: Ntk,
    write: Write,
    tmp_path: Path,
    pieces: Callable[[int], None],
    text: str,
    reported: str,
    out: str,
    rows: int,
) -> None:
    fit(output={"std": False})
    write("bad.csv", text)
    pieces(rows)
    before = sorted(tmp_path.rglob("*"))
    outcome = ntk("predict", "run", "bad.csv", "--out", out)
    assert (outcome.returncode, outcome.stdout, outcome.stderr.count("\n")) == (3, "", 1)
    assert outcome.stderr.startswith("ntk: error: bad.csv")
    assert reported in outcome.stderr
    assert sorted(tmp_path.rglob("*")) == before


def test_a_category_that_training_had_not_is_reported_at_its_line(
    fit: Fit, ntk: Ntk, write: Write, tmp_path: Path
) -> None:
    mixed_rows(40, 0).to_csv(tmp_path / "train.csv", index=False)
    data = {"test": None, "features": ["size", "colour", "is_new"], "missing": "mean"}
    for unknown, code in (("error", 3), ("ignore", 0)):
        fit(data=data | {"unknown": unknown}, inference={"ridge": 0.1})
        write("new.csv", "size,colour,is_new\n1,red,True\n2,blue,false\n")
        outcome = ntk("predict", "run", "new.csv")
        assert outcome.returncode == code
        assert ("new.csv:3: column 'colour': found 'blue'" in outcome.stderr) == (code == 3)
        assert ("or fit again with data.unknown: ignore" in outcome.stderr) == (code == 3)


SPEC_ONLY = ("spec file", "set data.", "data.features", "data.categorical", "data.id")


@pytest.mark.parametrize("command", ["predict", "evaluate"])
def test_remedies_are_what_the_user_of_a_model_can_do(fit: Fit, ntk: Ntk, write: Write, command: str) -> None:
    head, row = "name,size,colour,y", "n,1,red,2"
    write("train.csv", f"{head}\n{row}\nn,2,green,3\nn,3,red,5\n")
    fit(data={"test": None, "features": ["size", "colour"], "id": "name"}, inference={"ridge": 0.1})
    bad = ["n,1,blue,2", "n,,red,2", "n,red,red,2", "n,1e999,red,2", "n,1,,2", f"{row}\nn,1,red,"]
    for lines in [*bad, None]:
        path = "nowhere.csv" if lines is None else str(write("new.csv", f"{head}\n{lines}\n"))
        outcome = ntk(command, "run", path)
        assert (outcome.returncode, outcome.stderr.count("ntk: error: ")) == (3, 1)
        assert not [word for word in SPEC_ONLY if word in outcome.stderr], outcome.stderr
    write("bare.csv", "size,colour,y\n1,red,2\n")
    assert "has no column 'name', an id of the model" in ntk(command, "run", "bare.csv").stderr


def test_an_output_that_is_there_stays_until_the_new_one_is_whole(
    fit: Fit, ntk: Ntk, write: Write, tmp_path: Path
) -> None:
    fit(output={"std": False})
    out = write("out.csv", "what was there\n")
    write("bad.csv", GOOD + "1,red,-2\n")
    assert ntk("predict", "run", "bad.csv", "--out", out, "--overwrite").returncode == 3
    assert out.read_text() == "what was there\n"
    assert ntk("predict", "run", "test.csv", "--out", out, "--overwrite").returncode == 0
    assert out.read_text().startswith("row,kernel,time,y_mean")


@pytest.mark.parametrize("place", ["run", "nowhere/out.csv", "test.csv/out.csv"])
def test_a_place_that_cannot_be_written_is_reported(fit: Fit, ntk: Ntk, place: str) -> None:
    fit(output={"std": False})
    outcome = ntk("predict", "run", "test.csv", "--out", place)
    assert (outcome.returncode, outcome.stdout, outcome.stderr.count("\n")) == (6, "", 1)


def test_a_row_far_beyond_what_an_activation_takes_is_reported_at_its_line(
    fit: Fit, ntk: Ntk, write: Write
) -> None:
    fit(output={"std": False}, network={"activation": "tanh"})
    write("far.csv", GOOD + "1e200,100,-2\n")
    outcome = ntk("predict", "run", "far.csv")
    assert (outcome.returncode, outcome.stderr.count("\n")) == (4, 1)
    assert "far.csv:11: the kernel of this row leaves the range" in outcome.stderr


def test_time_inf_on_the_command_line_is_the_limit(fit: Fit, ntk: Ntk, tmp_path: Path) -> None:
    fit(inference={"time": [1, math.inf], "ridge": 0.1})
    for text in ("inf", "Infinity", "1e999"):
        assert set(predicted(ntk, tmp_path, "test.csv", "--time", text)["time"]) == {"inf"}
