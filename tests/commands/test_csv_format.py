"""A table in another way of writing gives what the plain one gives: to a fit, and to its model."""

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pandas as pd
import pytest

Ntk = Callable[..., CompletedProcess[str]]

CSV = """  csv:
    separator: ';'
    decimal: ','
    thousands: ' '
    encoding: cp1252
    comment: '#'
    na_values: ['-']
"""
TRAIN = "a,b,c,y\n1.5,1000,é,1.25\n2.5,3000,x,0.5\n,2000.5,é,2.5\n0.25,500,,-1\n2,100,é,0.75\n"
TEST = "a,b,c\n1.5,1234,x\n,500,é\n"


def spec(train: str, keys: str = "") -> str:
    return f"data:\n  train: {train}\n  target: y\n  missing: mean\n{keys}inference: {{kernel: nngp}}\n"


def otherwise(text: str) -> bytes:
    """A table as CSV above says: every gap a dash, every thousand set apart."""
    rows = [[cell.replace(".", ",") or "-" for cell in line.split(",")] for line in text.splitlines()]
    grouped = [[cell.replace("000", " 000") if len(cell) > 3 else cell for cell in row] for row in rows]
    return ("# by hand\n" + "\n".join(map(";".join, grouped)) + "\n").encode("cp1252")


@pytest.fixture
def runs(write: Callable[[str, str | bytes], Path], ntk: Ntk, tmp_path: Path) -> Path:
    """Two fits, `plain` and `other`, of a table that is written in two ways, and the test files of each."""
    write("plain.csv", TRAIN)
    write("other.csv", otherwise(TRAIN))
    write("plain_test.csv", TEST)
    write("other_test.csv", otherwise(TEST))
    for name, keys in (("plain", ""), ("other", CSV)):
        write(f"{name}.yaml", spec(f"{name}.csv", keys))
        outcome = ntk("fit", f"{name}.yaml", "--out", name)
        assert outcome.returncode == 0, outcome.stderr
    return tmp_path


def test_a_fit_and_its_model_read_both_alike(runs: Path, ntk: Ntk) -> None:
    found = {}
    for name in ("plain", "other"):
        outcome = ntk("predict", name, f"{name}_test.csv", "--out", f"{name}_new.csv")
        assert outcome.returncode == 0, outcome.stderr
        found[name] = [
            (runs / place).read_bytes() for place in (f"{name}/predictions.csv", f"{name}_new.csv")
        ]
    assert found["plain"] == found["other"]


def test_a_model_evaluates_tables_as_its_fit_read_them(runs: Path, ntk: Ntk) -> None:
    outcomes = [ntk("evaluate", name, f"{name}.csv", "--json") for name in ("plain", "other")]
    assert [outcome.returncode for outcome in outcomes] == [0, 0], outcomes[1].stderr
    assert outcomes[0].stdout == outcomes[1].stdout


def test_a_model_refuses_tables_that_are_written_otherwise(runs: Path, ntk: Ntk) -> None:
    outcome = ntk("predict", "other", "plain_test.csv")
    assert outcome.returncode == 3
    assert (
        "plain_test.csv:1: columns are separated by ',': fit again with data.csv.separator" in outcome.stderr
    )


def test_a_model_without_the_key_reads_commas_and_points(runs: Path, ntk: Ntk) -> None:
    path = runs / "plain" / "model" / "model.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    before = ntk("predict", "plain", "plain_test.csv")
    del content["csv"]
    del content["sha256"]
    path.write_text(json.dumps(content | {"format": 4}), encoding="utf-8")
    after = ntk("predict", "plain", "plain_test.csv")
    assert (after.returncode, after.stdout) == (0, before.stdout)


def test_a_header_that_is_taken_for_a_row_names_its_key(write: Callable[[str, str], Path], ntk: Ntk) -> None:
    write("t.csv", "a,y\n1,2\n2,3\n")
    for target in ("y", "2"):
        outcome = ntk(
            "fit", write("s.yaml", f"data: {{train: t.csv, target: {target}, csv: {{header: none}}}}")
        )
        assert outcome.returncode == 3
        assert "set data.csv.header: first" in outcome.stderr


@pytest.mark.parametrize(
    ("train", "keys"),
    [
        (",a,y\n0,1,2\n1,2,3\n2,4,1\n", ""),
        ('"a","y"\n"1",1,2\n"2",2,3\n"3",4,1\n', ""),
        ("0,1,2\n1,2,3\n2,4,1\n", "  csv: {header: none}\n"),
    ],
    ids=["pandas", "R", "no header"],
)
def test_a_column_that_numbers_the_rows_does_not_matter_beside_a_list_of_features(
    write: Callable[[str, str], Path], ntk: Ntk, tmp_path: Path, train: str, keys: str
) -> None:
    names = {"features": "2", "target": "3"} if keys else {"features": "a", "target": "y"}
    write("plain.csv", f"{names['features']},{names['target']}\n1,2\n2,3\n4,1\n")
    write("t.csv", train)
    found = []
    for name, form in (("plain", ""), ("t", keys)):
        head = (
            f"data:\n  train: {name}.csv\n  target: '{names['target']}'\n  features: '{names['features']}'\n"
        )
        outcome = ntk("fit", write("spec.yaml", head + form), "--out", name)
        assert outcome.returncode == 0, outcome.stderr
        assert ntk("predict", name, f"{name}.csv", "--out", f"{name}_new.csv").returncode == 0
        found.append(pd.read_csv(tmp_path / f"{name}_new.csv"))
    pd.testing.assert_frame_equal(found[0], found[1])
