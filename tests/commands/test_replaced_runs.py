"""Commands that read a run while another one takes its place."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ntkcli.commands import show_run
from ntkcli.models import choice
from ntkcli.models.model import Model
from ntkcli.models.reader import load_model
from ntkcli.runs.reader import Run

from .run_files import Fit, Ntk


@pytest.fixture
def replace(fit: Fit, tmp_path: Path) -> Callable[[], None]:
    """A run in run/; and what puts another one, which is ready, into its place once."""
    fit(network={"depth": 1}, inference={"ridge": 0.3}).rename(tmp_path / "next")
    run = fit(network={"depth": 2})

    def put() -> None:
        if (tmp_path / "next").exists():
            run.rename(tmp_path / "gone")
            (tmp_path / "next").rename(run)

    return put


@pytest.mark.parametrize("words", ["predict run test.csv", "evaluate run test.csv --json"])
def test_predictions_are_those_of_the_run_that_took_its_place(
    ntk: Ntk, replace: Callable[[], None], monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    def load_and_replace(run: Path) -> Model:
        model = load_model(run)
        replace()
        return model

    monkeypatch.setattr(choice, "load_model", load_and_replace)
    meanwhile = ntk(*words.split())
    assert (meanwhile.returncode, meanwhile.stdout) == (0, ntk(*words.split()).stdout)


def test_a_page_has_lines_of_one_run(
    ntk: Ntk, replace: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = show_run.run_findings

    def found_and_replaced(run: Run) -> list[object]:
        lines = found(run)
        replace()
        return [*lines]

    monkeypatch.setattr("ntkcli.commands.show.run_findings", found_and_replaced)
    meanwhile = json.loads(ntk("show", "run", "--json").stdout)
    assert (meanwhile["network"]["depth"], meanwhile["inference"]["ridge"]) == (1, 0.3)
