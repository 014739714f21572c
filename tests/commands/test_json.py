"""Every command that prints a table prints one object with --json, of the keys that the page has."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from .run_files import MakeSpec, Ntk, Write

PAGE = Path(__file__).parent.parent.parent / "docs" / "command_line.md"
TUNE = {"space": {"network.depth": [1, 2]}, "objective": "rmse", "validation": {"holdout": 0.3}}
SIMULATE = {"widths": [4, 8], "largest_trained": 8, "seeds": 2, "rows": 8}
NYSTROM = {"kernel": "ntk", "ridge": 0.1, "approximation": {"method": "nystrom", "centres": 6}}

Printed = Callable[..., dict[str, Any]]


def documented(command: str) -> set[str]:
    """The keys in the left column of a command's table."""
    page = PAGE.read_text(encoding="utf-8")
    section = page.split(f"### ntk {command}\n")[1].split("\n#")[0]
    cells = re.findall(r"^\| (`.*?`) \|", section, flags=re.MULTILINE)
    return {key for cell in cells for key in re.findall(r"`(\w+)`", cell)}


def refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


@pytest.fixture
def printed(ntk: Ntk) -> Printed:
    """Run a command with --json: the object that is all of stdout."""

    def run(*args: object, code: int = 0) -> dict[str, Any]:
        outcome = ntk(*args, "--json")
        assert outcome.returncode == code, outcome.stderr
        found: dict[str, Any] = json.loads(outcome.stdout, parse_constant=refuse)
        assert isinstance(found, dict)
        return found

    return run


def test_a_fit_prints_its_metrics(printed: Printed, make_spec: MakeSpec, tmp_path: Path) -> None:
    found = printed("fit", make_spec())
    assert found.keys() == documented("fit")
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert {**metrics, **found} == {**found, "rows": 5} | metrics | {"rows": 5}
    assert found["directory"] == "run"


def test_quiet_silences_messages_and_not_the_object(printed: Printed, make_spec: MakeSpec) -> None:
    assert printed("fit", make_spec(), "-qq")["rows"] == 5


def test_an_evaluation_prints_its_metrics_and_importances(
    printed: Printed, make_spec: MakeSpec, ntk: Ntk
) -> None:
    ntk("fit", make_spec())
    found = printed("evaluate", "run", "test.csv", "--importance")
    assert found.keys() == documented("evaluate")


def test_matrices_are_listed_with_their_files(printed: Printed, make_spec: MakeSpec, tmp_path: Path) -> None:
    found = printed("kernel", make_spec())
    assert found.keys() == documented("kernel")
    assert all((tmp_path / file).is_file() for file in found["matrices"].values())
    assert set(found["matrices"]) == {"ntk_train_train", "ntk_test_train"}


def test_layers_have_all_digits(printed: Printed, make_spec: MakeSpec) -> None:
    found = printed("network", make_spec(network={"depth": 2, "activation": "erf"}))
    assert found.keys() == documented("network")
    hidden, readout = found["layers"]
    assert hidden["q"]["least"] <= hidden["q"]["median"] <= hidden["q"]["largest"]
    assert (readout["activation"], readout["dual"]) == (None, None)


def test_activations_have_parameters_with_defaults(printed: Printed) -> None:
    found = printed("activations")
    assert found.keys() == documented("activations")
    by_name = {entry["name"]: entry for entry in found["activations"]}
    assert by_name["leaky_relu"]["parameters"] == [{"name": "slope", "default": 0.01}]


def test_a_search_prints_its_best_and_their_fit(printed: Printed, make_spec: MakeSpec) -> None:
    found = printed("tune", make_spec(tune=TUNE, inference={"ridge": 0.1}))
    assert found.keys() == documented("tune")
    assert found["fit"].keys() == documented("fit")
    scores = [candidate["score"] for candidate in found["best"]]
    assert scores == sorted(scores)
    assert {candidate["values"]["network.depth"] for candidate in found["best"]} == {"1", "2"}


@pytest.mark.parametrize("inference", [{"ridge": 0.1}, NYSTROM])
def test_a_spectrum_prints_its_summary(
    printed: Printed, make_spec: MakeSpec, tmp_path: Path, inference: dict[str, Any]
) -> None:
    found = printed("spectrum", make_spec(inference=inference))
    assert found.keys() | {"approximation"} == documented("spectrum")
    assert ("approximation" in found) == ("approximation" in inference)
    summary = json.loads((tmp_path / "run-spectrum" / "summary.json").read_text())
    assert found == {"directory": "run-spectrum", **summary}


def test_a_simulation_prints_its_summary(printed: Printed, make_spec: MakeSpec, tmp_path: Path) -> None:
    found = printed("simulate", make_spec(simulate=SIMULATE, inference={"time": [1.0], "ridge": 0.1}))
    assert found.keys() == documented("simulate")
    summary = json.loads((tmp_path / "run-simulation" / "summary.json").read_text())
    assert found == {"directory": "run-simulation", **summary}


def test_a_check_prints_what_applies(
    printed: Printed, make_spec: MakeSpec, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All that is documented comes with one spec or another, and nothing else does."""
    monkeypatch.setattr("ntkcli.planning.duration.multiply_rate", lambda: 5e10)
    monkeypatch.setattr("ntkcli.commands.check_approximation.LONG_SECONDS", -1.0)
    with_gaps = "a,b,kind,y\n" + "".join(f"{i},{i % 3 or ''},{'uv'[i % 2]},{i % 7}\n" for i in range(40))
    write("gaps.csv", with_gaps)
    specs: list[dict[str, Any]] = [
        {"simulate": SIMULATE, "inference": {"time": [1.0], "ridge": 0.1}},
        {"data": {"train": "gaps.csv", "test": None, "missing": "mean", "relevance": "learned"}},
        {"output": {"kernels": ["ntk_train_train"]}, "compute": {"scheduler": "tcp://nowhere:1"}},
        {"inference": NYSTROM},
        {"tune": TUNE},
    ]
    found: set[str] = set()
    for sections in specs:
        content = printed("check", make_spec(**sections), code=0)
        assert {"warnings", "failure", "memory", "disk", "time", "data"} <= content.keys()
        found |= content.keys()
    assert found == documented("check")


def test_a_check_has_bytes_and_seconds_as_numbers(printed: Printed, make_spec: MakeSpec) -> None:
    found = printed("check", make_spec(inference={"ridge": 0.1}))
    assert found["data"] == {
        "training_rows": 14,
        "test_rows": 5,
        "features": 3,
        "targets": ["y"],
        "classes": [],
    }
    assert found["time"]["seconds"] > 0
    assert found["memory"]["available_bytes"] > found["memory"]["needed_bytes"] > 2**20
    (solver,) = found["solvers"]
    assert (solver["pairs"], solver["storage"]) == ([{"kernel": "ntk", "time": "inf"}], "memory")
    assert found["failure"] is None


def test_a_check_tells_the_failure_and_ends_with_its_code(ntk: Ntk, make_spec: MakeSpec) -> None:
    outcome = ntk("check", make_spec(compute={"memory": 1}), "--json")
    failure = json.loads(outcome.stdout)["failure"]
    assert (outcome.returncode, failure["exit_code"]) == (5, 5)
    assert outcome.stderr == f"ntk: error: {failure['message']}\n"


def test_a_command_that_fails_prints_no_object(ntk: Ntk, make_spec: MakeSpec) -> None:
    outcome = ntk("fit", make_spec(network={"depth": 0}), "--json")
    assert (outcome.returncode, outcome.stdout) == (2, "")


def test_runs_are_listed_shown_and_compared(printed: Printed, make_spec: MakeSpec, ntk: Ntk) -> None:
    for name, depth in (("one", 1), ("two", 2)):
        ntk("fit", make_spec(network={"depth": depth}, inference={"ridge": 0.1}), "--out", f"runs/{name}")
    listed, compared = printed("ls"), printed("compare", "runs/one", "runs/two")
    assert listed.keys() == documented("ls")
    assert compared.keys() == documented("compare")
    fit = printed("show", "runs/one")
    ntk("spectrum", make_spec(inference={"ridge": 0.1}))
    ntk("tune", make_spec(tune=TUNE, inference={"ridge": 0.1}))
    spectrum, tune = printed("show", "run-spectrum"), printed("show", "run-tune")
    assert fit.keys() | {"summary", "search"} == documented("show")
    assert fit.keys() | {"search"} == tune.keys()
    assert spectrum.keys() <= documented("show")
    assert np.isfinite(spectrum["summary"]["kernels"]["ntk"]["ridge"])


def test_a_cache_is_listed_verified_and_pruned(printed: Printed, make_spec: MakeSpec, ntk: Ntk) -> None:
    ntk("fit", make_spec(compute={"cache": "kernels"}))
    listed, verified = printed("cache", "ls", "kernels"), printed("cache", "verify", "kernels")
    pruned = printed("cache", "prune", "kernels", "--all")
    assert listed.keys() == documented("cache ls")
    assert verified.keys() == documented("cache verify")
    assert pruned.keys() == documented("cache prune")
    assert (pruned["deleted"], pruned["deleted_bytes"]) == (
        [line["file"] for line in listed["matrices"]],
        listed["bytes"],
    )
