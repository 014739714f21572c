"""What a table seems to hold."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ntkcli.drafts.draft import Draft
from ntkcli.errors import DataError

DrawDraft = Callable[..., Draft]

N = 60
DATES = [str(day)[:10] for day in pd.date_range("2020-01-01", periods=N, freq="9D")]


@pytest.fixture
def draft(tmp_path: Path) -> DrawDraft:
    """Draft from a table of these columns, and a target `y` behind them."""

    def of(columns: dict[str, Any], target: str | None = "y", **options: Any) -> Draft:
        rng = np.random.default_rng(0)
        table = pd.DataFrame({"x": rng.normal(size=N), **columns})
        table = table if "y" in table else table.assign(y=rng.normal(size=N))
        table.to_csv(tmp_path / "t.csv", index=False)
        settings = {"test": None, "task": None, "ask": None} | options
        return Draft.of(tmp_path / "t.csv", target=target, **settings)

    return of


def cycle(*values: object) -> list[object]:
    return [values[i % len(values)] for i in range(N)]


@pytest.mark.parametrize(
    ("name", "cells", "use"),
    [
        ("a", [i / 7 for i in range(N)], "number"),
        ("a", cycle("u", "v", "w"), "category"),
        ("a", cycle("true", "false"), "category"),
        ("a", DATES, "date"),
        ("a", cycle("01/02/2020", "03/04/2020"), "out"),
        ("a", cycle("10:30", "11:40"), "out"),
        ("a", cycle("5%", "7%", "9%"), "out"),
        ("a", [f"name {i}" for i in range(N)], "id"),
        ("a", [f"name {i // 2}" for i in range(N)], "out"),
        ("a", [*range(N)], "out"),
        ("a", [*range(N, 0, -1)], "id"),
        ("year", [*range(1900, 1900 + N)], "number"),
        ("patient_id", cycle(*range(6)), "out"),
        ("a", [3] * N, "out"),
        ("a", [None] * N, "out"),
        ("PID", [5 * 10**8 + 1000 * i * i for i in range(N)], "id"),
        ("population", [5 * 10**8 + 1000 * i * i for i in range(N)], "number"),
        ("PID", cycle(*range(7)), "number"),
        ("state", cycle(*range(1, 12)), "category"),
        ("state", cycle(*[i / 2 for i in range(12)]), "number"),
        ("flight", [1000 + i // 2 for i in range(N)], "out"),
        ("zip", cycle(*range(80000, 80012)), "category"),
        ("zip", [80000 + 37 * i for i in range(N)], "out"),
        ("a", cycle("1", "2", "x", "z", "w", "v"), "category"),
    ],
)
def test_a_column_is_taken_for_what_it_is(draft: DrawDraft, name: str, cells: list[object], use: str) -> None:
    (role,) = [role for role in draft({name: cells}).roles if role.name == name]
    assert (role.use, bool(role.why)) == (use, True)


@pytest.mark.parametrize(
    ("cells", "task"),
    [
        (cycle("u", "v"), "classification"),
        (cycle(0, 1), "classification"),
        (cycle(0.5, 1.5), "classification"),
        (cycle(3, 4, 5), "classification"),
        (cycle(0.5, 1.5, 2.5), "regression"),
        ([*range(N)], "regression"),
    ],
)
def test_the_task_is_that_of_the_target(draft: DrawDraft, cells: list[object], task: str) -> None:
    assert draft({"y": cells}).target.task == task


@pytest.mark.parametrize(("name", "task"), [("n_visits", "regression"), ("arm", "classification")])
def test_counts_and_ratings_are_amounts_by_their_name(draft: DrawDraft, name: str, task: str) -> None:
    assert draft({name: cycle(3, 4, 5)}, target=name).target.task == task


def test_two_values_are_classes_whatever_they_are_called(draft: DrawDraft) -> None:
    assert draft({"rating": cycle(0, 1)}, target="rating").target.task == "classification"


@pytest.mark.parametrize("name", ["days", "year", "subject"])
def test_a_time_or_group_behind_the_target_is_no_guess(tmp_path: Path, name: str) -> None:
    x, y = np.random.default_rng(0).normal(size=(2, N))
    pd.DataFrame({"x": x, "seen": y, name: cycle(*range(2000, 2010))}).to_csv(tmp_path / "t.csv", index=False)
    found = Draft.of(tmp_path / "t.csv", target=None, test=None, task=None, ask=None).target
    assert (found.name, found.why) == ("seen", f"a guess: the last column but {name}")


def test_how_long_something_took_is_a_guess(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    table = {"x": rng.normal(size=N), "delivery_time": rng.poisson(20, size=N)}
    pd.DataFrame(table).to_csv(tmp_path / "t.csv", index=False)
    found = Draft.of(tmp_path / "t.csv", target=None, test=None, task=None, ask=None)
    assert found.target.name == "delivery_time"


def test_many_numbers_called_a_class_are_no_target(tmp_path: Path) -> None:
    table = {"class": cycle(*range(100, 120)), "score": np.random.default_rng(0).normal(size=N)}
    pd.DataFrame(table).to_csv(tmp_path / "t.csv", index=False)
    found = Draft.of(tmp_path / "t.csv", target=None, test=None, task=None, ask=None)
    assert found.target.name == "score"


def test_a_template_may_want_another_task(draft: DrawDraft) -> None:
    assert draft({"y": cycle(3, 4, 5)}, task="regression").target.task == "regression"


@pytest.mark.parametrize(
    ("cells", "what"),
    [
        ([1] * N, "is '1' in every row"),
        ([None] * N, "without a value in every row"),
        ([f"n{i}" for i in range(N)], "too many for classes"),
        ([*range(N - 20), *[f"n{i}" for i in range(20)]], "t.csv:42: column 'y': found 'n0'"),
    ],
)
def test_a_target_that_cannot_be_learned_is_a_fault(draft: DrawDraft, cells: list[object], what: str) -> None:
    with pytest.raises(DataError, match=what):
        draft({"y": cells})


def test_text_is_nothing_for_a_regression(draft: DrawDraft) -> None:
    with pytest.raises(DataError, match="holds text"):
        draft({"y": cycle("u", "v")}, task="regression")


def test_a_target_that_is_not_there_is_a_fault_that_names_another(draft: DrawDraft) -> None:
    with pytest.raises(DataError, match=r"has no column 'yy'.*'y'"):
        draft({}, target="yy")


@pytest.mark.parametrize(
    ("names", "target"),
    [
        (["a", "target", "b"], "target"),
        (["class", "a", "b"], "class"),
        (["a", "sale_price", "b"], "sale_price"),
        (["a", "label", "y"], "y"),
        (["a", "b", "c"], "c"),
    ],
)
def test_a_target_is_guessed_by_its_name_or_is_the_last(
    tmp_path: Path, names: list[str], target: str
) -> None:
    table = pd.DataFrame(np.random.default_rng(0).normal(size=(N, 3)), columns=names)
    table.to_csv(tmp_path / "t.csv", index=False)
    assert Draft.of(tmp_path / "t.csv", target=None, test=None, task=None, ask=None).target.name == target


def test_no_guess_is_a_column_that_cannot_be_a_target(draft: DrawDraft) -> None:
    found = draft({"y": cycle(1.5, 2.5, 3.5)}, target=None)
    last = draft({"z": cycle(1.5, 2.5, 3.5), "y": [*range(N)], "name": DATES}, target=None)
    assert (found.target.name, last.target.name) == ("y", "z")


def test_a_group_is_no_guess_unless_there_is_nothing_else(tmp_path: Path) -> None:
    pd.DataFrame({"i": range(N), "days": cycle(*range(20)), "subject": cycle(*range(6))}).to_csv(
        tmp_path / "t.csv", index=False
    )
    assert Draft.of(tmp_path / "t.csv", target=None, test=None, task=None, ask=None).target.name == "days"


def test_who_is_there_is_asked_where_the_guess_is_weak(draft: DrawDraft, tmp_path: Path) -> None:
    asked: list[str] = []

    def ask(guess: str, names: object) -> str:
        asked.append(guess)
        return "x"

    assert draft({}, target=None, ask=ask).target.name == "y"
    assert not asked
    pd.DataFrame(np.random.default_rng(0).normal(size=(N, 2)), columns=["x", "z"]).to_csv(
        tmp_path / "t.csv", index=False
    )
    found = Draft.of(tmp_path / "t.csv", target=None, test=None, task=None, ask=ask)
    assert (asked, found.target.name) == (["z"], "x")


@pytest.mark.parametrize(
    ("cells", "marks", "gaps"),
    [
        ([*range(N - 3), -999, -999, -999], ["-999"], 3),
        ([*[i / 7 for i in range(N - 2)], "-", "-"], ["-"], 2),
        ([*[i / 7 for i in range(N - 2)], "low", "low"], ["low"], 2),
        ([*[i / 7 for i in range(N)]], [], 0),
        (cycle("u", "-", "w"), [], 0),
    ],
)
def test_marks_of_missing_values_are_found(
    draft: DrawDraft, cells: list[object], marks: list[str], gaps: int
) -> None:
    found = draft({"a": cells})
    (role,) = [role for role in found.roles if role.name == "a"]
    assert (found.form.na_values, role.column.gaps) == (marks, gaps)


def test_a_mark_that_is_a_value_elsewhere_is_none(draft: DrawDraft) -> None:
    assert not draft({"a": [*range(N - 3), -999, -999, -999], "b": cycle(-999, 0, 500)}).form.na_values


def test_rows_beyond_those_looked_at_are_counted(draft: DrawDraft, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ntkcli.drafts.draft.MOST_ROWS", 25)
    found = draft({"a": cycle(1.5, 2.5)})
    assert (found.rows, found.is_whole, len(found.target.column.cells)) == (N, False, 25)


def test_a_column_that_the_test_file_lacks_is_left_out(draft: DrawDraft, tmp_path: Path) -> None:
    (tmp_path / "test.csv").write_text("x,y\n1,2\n,3\n")
    found = draft({"a": cycle(1.5, 2.5)}, test=tmp_path / "test.csv")
    assert [role.name for role in found.features] == ["x"]
    assert found.test_gaps == {"x": 1}


def test_what_numbers_the_rows_is_a_feature_where_there_is_no_other(tmp_path: Path) -> None:
    pd.DataFrame({"i": range(N), "y": np.random.default_rng(0).normal(size=N)}).to_csv(
        tmp_path / "t.csv", index=False
    )
    found = Draft.of(tmp_path / "t.csv", target="y", test=None, task=None, ask=None)
    assert [role.name for role in found.features] == ["i"]
