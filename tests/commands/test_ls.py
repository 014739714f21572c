import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ntkcli.cli.ls import KEYS
from ntkcli.commands import ls_line

from .run_files import ALL_KERNELS, MakeSpec, Ntk, load_json

Listed = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def runs(make_spec: MakeSpec, ntk: Ntk, tmp_path: Path) -> Path:
    """A fit of two depths, and matrices, an hour between each."""
    for i, name in enumerate("ba", 1):
        spec = make_spec(inference=ALL_KERNELS, network={"depth": i})
        assert ntk("fit", spec, "--out", f"runs/{name}").returncode == 0
    assert ntk("kernel", make_spec(), "--out", "runs/deep/down/c").returncode == 0
    for i, name in enumerate(["b", "a", "deep/down/c"]):
        os.utime(tmp_path / "runs" / name / "run.json", (3600 * i, 3600 * i))
    return tmp_path / "runs"


@pytest.fixture
def listed(ntk: Ntk) -> Listed:
    """The runs of `ntk ls ARGS --json`."""

    def ls(*args: object) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(ntk("ls", *args, "--json").stdout)["runs"]
        return found

    return ls


def names(lines: list[dict[str, Any]]) -> list[str]:
    return [Path(line["run"]).name for line in lines]


def test_the_latest_comes_last(runs: Path, listed: Listed) -> None:
    lines = listed()
    assert names(lines) == ["b", "a", "c"]
    assert [line["date"] for line in lines[:2]] == ["1970-01-01T00:00:00+00:00", "1970-01-01T01:00:00+00:00"]


def test_a_line_has_the_scores_of_the_best_pair(runs: Path, listed: Listed) -> None:
    line = listed(runs)[0]
    best = min(load_json(runs / "b" / "metrics.json")["scores"], key=lambda score: score["rmse"])
    assert {key: line[key] for key in ("kernel", "time", "rmse", "nll")} == {
        key: best[key] for key in ("kernel", "time", "rmse", "nll")
    }
    assert (line["rows"], line["network"], line["command"]) == (14, "linear, depth 1", "fit")


@pytest.mark.parametrize("options", [[], ["--reverse"]])
def test_every_key_sorts_and_what_has_none_comes_last(runs: Path, listed: Listed, options: list[str]) -> None:
    for key in KEYS:
        found = [line[key] for line in listed("--sort", key, *options)]
        known = [value for value in found if value is not None]
        assert found == [*known, *[None] * (len(found) - len(known))]
        assert known == sorted(known, key=float if key == "time" else None, reverse=bool(options))


def test_the_keys_of_the_command_line_are_those_of_a_line() -> None:
    assert KEYS == ls_line.KEYS


def test_half_and_damaged_runs_are_named_beside_the_others(runs: Path, ntk: Ntk) -> None:
    (runs / "damaged").mkdir()
    (runs / "damaged" / "run.json").write_text("{")
    (runs / "half" / "model").mkdir(parents=True)
    (runs / "half" / "metrics.json").write_text("{}")
    outcome = ntk("ls")
    assert outcome.returncode == 0
    assert len(outcome.stdout.splitlines()) == 4
    first, second = outcome.stderr.splitlines()
    assert first.startswith("ntk: warning: runs/damaged/run.json: is damaged")
    assert second.startswith("ntk: warning: runs/half: is not finished")
    unreadable = json.loads(ntk("ls", "--json").stdout)["unreadable"]
    assert [f"ntk: warning: {text}" for text in unreadable] == [first, second]


def test_hidden_folders_and_links_are_passed_over(runs: Path, listed: Listed) -> None:
    (runs / "b").rename(runs / ".b.ntk-partial")
    (runs / "link").symlink_to(runs / "a", target_is_directory=True)
    (runs / "circle").symlink_to(runs, target_is_directory=True)
    assert names(listed()) == ["a", "c"]


def test_a_run_is_the_list_of_itself(runs: Path, listed: Listed) -> None:
    assert names(listed(runs / "a")) == ["a"]


def test_no_runs_are_no_error_and_no_folder_is_one(ntk: Ntk, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").touch()
    assert ntk("ls", "empty").stdout == "no runs below empty\n"
    for name, why in (("nowhere", "there is no such directory"), ("file", "is no directory")):
        outcome = ntk("ls", name)
        assert (outcome.returncode, outcome.stdout) == (3, "")
        assert outcome.stderr == f"ntk: error: {name}: {why}: name one that has runs in it\n"


def test_columns_that_no_run_has_are_left_out(runs: Path, ntk: Ntk) -> None:
    head = ntk("ls").stdout.splitlines()[0].split()
    assert "rmse" in head
    assert "accuracy" not in head
