"""What other commands than fit do with an approximation, also where its rows are not in memory."""

import csv
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ntkcli.data.first_pass import Limits
from ntkcli.spec.file import read_spec

from .run_files import MakeSpec, Ntk, Write, load_json
from .test_check import texts_of

APPROXIMATION: dict[str, Any] = {"approximation": {"method": "nystrom", "centres": 4}}
NYSTROM: dict[str, Any] = {"ridge": 0.1, "ridge_scale": "trace", **APPROXIMATION}
TUNE: dict[str, Any] = {"space": {"network.depth": [2, 3]}, "validation": {"folds": 2}}
FREE: dict[str, Any] = {"ridge": "auto", "ridge_scale": "trace"}
TRAINING_ROWS = 14


@pytest.fixture
def few_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of more than ten rows of a file a sample of twelve is in memory, and three rows to predict."""
    monkeypatch.setattr("ntkcli.data.survey.Limits", partial(Limits, rows=10, shown=3))


def scores(place: Path) -> list[list[str]]:
    """The trials, without the seconds that they took."""
    with (place / "trials.csv").open(encoding="utf-8") as file:
        return [line[:-1] for line in csv.reader(file)]


def test_a_search_is_exact_and_the_fit_of_its_best_is_not(
    make_spec: MakeSpec, ntk: Ntk, tmp_path: Path
) -> None:
    found = []
    for inference in (FREE, FREE | APPROXIMATION):
        outcome = ntk("tune", make_spec(tune=TUNE, inference=inference), "--overwrite", "-qq")
        assert outcome.returncode == 0, outcome.stderr
        found.append(scores(tmp_path / "run-tune"))
    assert found[0] == found[1]
    assert load_json(tmp_path / "run-tune" / "fit" / "run.json")["approximation"]["centres"] == 4


@pytest.mark.parametrize(
    ("space", "given", "expected"),
    [
        ({}, {}, ("auto", [float("inf")])),
        ({}, {"time": "auto"}, ("auto", "auto")),
        ({}, {"ridge": 0.25}, (0.25, [float("inf")])),
        ({"inference.ridge": [0.5]}, {"time": "auto"}, (0.5, "auto")),
        ({"inference.time": [2.0]}, {"time": "auto"}, ("auto", [2.0])),
    ],
)
def test_what_is_automatic_and_not_searched_is_found_by_the_fit(
    make_spec: MakeSpec,
    ntk: Ntk,
    tmp_path: Path,
    space: dict[str, Any],
    given: dict[str, Any],
    expected: tuple[Any, Any],
) -> None:
    tune = TUNE | {"space": {"network.depth": [2]} | space}
    outcome = ntk("tune", make_spec(tune=tune, inference=FREE | APPROXIMATION | given))
    assert outcome.returncode == 0, outcome.stderr
    best = read_spec(tmp_path / "run-tune" / "best.yaml").spec.inference
    assert (best.ridge, best.time) == expected
    for key, value in zip(("ridge", "time"), expected, strict=True):
        assert (f"inference.{key}: auto is" in outcome.stderr) == (value == "auto")


def test_another_approximation_is_fitted_with_the_search_that_is_done(
    make_spec: MakeSpec, ntk: Ntk, tmp_path: Path
) -> None:
    fitted = tmp_path / "run-tune" / "fit" / "run.json"
    assert ntk("tune", make_spec(tune=TUNE, inference=FREE | APPROXIMATION)).returncode == 0
    fitted.unlink()
    others = FREE | {"approximation": {"method": "nystrom", "centres": 7}}
    outcome = ntk("tune", make_spec(tune=TUNE, inference=others))
    assert outcome.returncode == 0
    assert "the search is finished: fitting the best" in outcome.stderr
    assert load_json(fitted)["approximation"]["centres"] == 7


@pytest.mark.usefixtures("few_in_memory")
def test_a_search_has_the_rows_in_memory_and_the_fit_all(
    make_spec: MakeSpec, ntk: Ntk, tmp_path: Path
) -> None:
    tune = TUNE | {"rows": "all"}
    spec = make_spec(tune=tune, inference=FREE | APPROXIMATION)
    texts = texts_of(ntk("check", spec).stdout)
    assert texts["search"] == ["grid: 2 networks x 20 candidates, 2 folds of 12 rows"]
    assert texts["data"][0].startswith(f"{TRAINING_ROWS} training rows")
    assert texts["fit"][0].startswith("of the best, by 4 centres: about ")
    outcome = ntk("tune", spec, "-qq")
    assert outcome.returncode == 0, outcome.stderr
    run = load_json(tmp_path / "run-tune" / "fit" / "run.json")
    assert run["data"]["train"]["rows"] == TRAINING_ROWS


def test_matrices_are_those_without_an_approximation(make_spec: MakeSpec, ntk: Ntk, tmp_path: Path) -> None:
    found = []
    for inference in ({}, NYSTROM):
        assert ntk("kernel", make_spec(inference=inference), "--overwrite", "-qq").returncode == 0
        found.append({path.name: path.read_bytes() for path in (tmp_path / "run" / "kernels").iterdir()})
    assert found[0] == found[1]


@pytest.mark.usefixtures("few_in_memory")
def test_matrices_of_a_sample_are_not_written(make_spec: MakeSpec, ntk: Ntk, tmp_path: Path) -> None:
    outcome = ntk("kernel", make_spec(inference=NYSTROM))
    assert (outcome.returncode, outcome.stdout) == (2, "")
    assert outcome.stderr == (
        "ntk: error: spec.yaml: inference.approximation: with it, only a sample of these 14 training rows is "
        "in memory, and ntk kernel writes matrices of all: leave it out\n"
    ).replace("spec.yaml", str(tmp_path / "spec.yaml"))
    assert not (tmp_path / "run").exists()


@pytest.mark.usefixtures("few_in_memory")
def test_a_network_is_followed_by_the_rows_in_memory(make_spec: MakeSpec, ntk: Ntk) -> None:
    outcome = ntk("network", make_spec(inference=NYSTROM, network={"depth": 2}))
    assert (outcome.returncode, outcome.stderr, len(outcome.stdout.splitlines())) == (0, "", 3)


@pytest.mark.usefixtures("few_in_memory")
def test_simulated_networks_are_beside_the_exact_answer(
    make_spec: MakeSpec, ntk: Ntk, tmp_path: Path
) -> None:
    few: dict[str, Any] = {"widths": [8], "seeds": 2, "rows": 8}
    spec = make_spec(inference=NYSTROM | {"time": 1.0}, simulate=few, network={"depth": 2})
    outcome = ntk("simulate", spec, "-qq")
    assert outcome.returncode == 0, outcome.stderr
    assert load_json(tmp_path / "run-simulation" / "run.json")["data"]["train"]["rows"] == 12


def test_too_little_memory_for_an_exact_answer_names_the_approximation(
    make_spec: MakeSpec, ntk: Ntk, write: Write
) -> None:
    spec = make_spec(inference={"ridge": 0.1}, compute={"memory": "200 MiB"}, data={"test": None})
    values = np.random.default_rng(0).normal(size=(9000, 4)).round(3).tolist()
    write("train.csv", "\n".join(["a,b,c,y", *(",".join(map(str, row)) for row in values)]))
    outcome = ntk("fit", spec, "-qq")
    assert (outcome.returncode, outcome.stdout) == (5, "")
    assert " or inference.approximation: {method: nystrom, centres: " in outcome.stderr
    assert "; another answer" in outcome.stderr


@pytest.mark.usefixtures("few_in_memory")
def test_a_spectrum_of_many_rows_is_that_of_centres(make_spec: MakeSpec, ntk: Ntk, tmp_path: Path) -> None:
    outcome = ntk("spectrum", make_spec(inference=NYSTROM))
    assert outcome.returncode == 0, outcome.stderr
    assert "the modes are those of 4 centres: what takes all rows at once is left out" in outcome.stderr
    head, left_out, *_ = outcome.stdout.splitlines()
    assert head.split("  ")[0] == f"{TRAINING_ROWS} rows, 4 centres"
    assert left_out.startswith("left out of the trace")
    names = {path.name for path in (tmp_path / "run-spectrum").iterdir()}
    assert "learning_curve.csv" not in names
    assert {"spectrum.csv", "time_course.csv", "degrees_of_freedom.csv"} <= names
    assert load_json(tmp_path / "run-spectrum" / "run.json")["approximation"]["centres"] == 4


@pytest.mark.usefixtures("few_in_memory")
def test_a_spectrum_of_some_rows_is_exact(make_spec: MakeSpec, ntk: Ntk, tmp_path: Path) -> None:
    found = []
    for inference in (NYSTROM, NYSTROM | {"approximation": "none"}):
        outcome = ntk("spectrum", make_spec(inference=inference), "--rows", 12, "--overwrite", "-qq")
        assert outcome.returncode == 0, outcome.stderr
        found.append(load_json(tmp_path / "run-spectrum" / "summary.json"))
        assert (tmp_path / "run-spectrum" / "learning_curve.csv").exists()
    assert [one["rows"] for one in found] == [12, 12]
    assert "approximation" not in found[0]


def test_subsets_are_not_measured_with_an_approximation(make_spec: MakeSpec, ntk: Ntk) -> None:
    outcome = ntk("spectrum", make_spec(inference=NYSTROM), "--measured")
    assert (outcome.returncode, outcome.stdout) == (2, "")
    assert outcome.stderr == (
        "ntk: error: --measured fits subsets of the rows, which inference.approximation does not keep: give "
        "--rows as well, or leave one of them out\n"
    )


def test_a_long_exact_fit_has_the_approximation_beside_it(
    make_spec: MakeSpec, ntk: Ntk, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = make_spec(inference={"ridge": 0.1})
    assert "approximation" not in ntk("check", spec).stdout
    monkeypatch.setattr("ntkcli.commands.check_approximation.LONG_SECONDS", 0.0)
    (line,) = [text for text in texts_of(ntk("check", spec).stdout)["time"] if "approximation" in text]
    assert line.startswith("inference.approximation: {method: nystrom, centres: 14} would take about ")
    assert line.endswith(": another answer, which leaves out 0 % of the ntk kernel's trace")


def test_the_simulation_of_a_spec_is_checked_with_its_approximation(make_spec: MakeSpec, ntk: Ntk) -> None:
    spec = make_spec(inference=NYSTROM | {"time": 1.0}, simulate={"widths": [8], "seeds": 2, "rows": 8})
    outcome = ntk("check", spec)
    assert outcome.returncode == 0, outcome.stderr
    assert "simulate" in texts_of(outcome.stdout)
