"""What `ntk simulate` refuses, in one line, before anything is written."""

from pathlib import Path
from typing import Any

import pytest

from .run_files import MakeSpec, Ntk

INFERENCE: dict[str, Any] = {"kernel": "ntk", "time": [0.01]}


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "run-simulation"


@pytest.mark.parametrize(
    ("sections", "code", "what"),
    [
        ({"simulate": {"widths": [8, 4]}}, 2, "simulate.widths: should increase, but 4 follows 8"),
        ({"simulate": {"widths": [8, 8]}}, 2, "simulate.widths: "),
        ({"simulate": {"widths": [0, 4]}}, 2, "simulate.widths[0]: "),
        ({"simulate": {"widths": []}}, 2, "simulate.widths: "),
        ({"simulate": {"learning_rate": 1e3}}, 2, "simulate.learning_rate: 1000 is above "),
        ({"inference": INFERENCE | {"time": []}}, 2, "inference.time: "),
        ({"network": {"activation": "exp_normalized"}}, 2, "network.activation: exp_normalized is a kernel"),
        ({"network": {"activation": "hermite"}}, 2, "network.activation: hermite is a function of inputs of"),
        ({"inference": INFERENCE | {"time": [1e308]}}, 2, "inference.time: 1e+308 takes inf steps"),
        ({"simulate": {"learning_rate": 1e-300}}, 2, "inference.time: 0.01 takes 1e+298 steps"),
        ({"output": {"dir": "/"}}, 2, "output.dir: / has no name to put -simulation behind"),
        ({"compute": {"memory": "50MiB"}}, 5, "not enough memory: this simulation needs about "),
    ],
    ids=[
        "falling",
        "repeated",
        "below 1",
        "empty",
        "rate",
        "times",
        "no function",
        "variance",
        "too long",
        "too slow",
        "no name",
        "memory",
    ],
)
def test_it_ends_with_one_line(
    make_spec: MakeSpec, ntk: Ntk, out: Path, sections: dict[str, Any], code: int, what: str
) -> None:
    simulate = {"widths": [4], "seeds": 1, "rows": 10} | sections.get("simulate", {})
    outcome = ntk("simulate", make_spec(**{"inference": INFERENCE} | sections | {"simulate": simulate}))
    assert outcome.returncode == code
    (line,) = outcome.stderr.splitlines()
    assert what in line
    assert not out.exists()


def test_hermite_works_on_normalised_inputs(make_spec: MakeSpec, ntk: Ntk) -> None:
    network = {"activation": "hermite", "layer_norm": True, "depth": 2}
    simulate = {"widths": [4], "seeds": 1, "rows": 10}
    outcome = ntk("simulate", make_spec(network=network, inference=INFERENCE, simulate=simulate))
    assert outcome.returncode == 0, outcome.stderr


def test_a_training_that_diverges_says_which(make_spec: MakeSpec, ntk: Ntk, out: Path) -> None:
    """Targets of 50 take such networks to where the loss is curved more than at the start."""
    outcome = ntk(
        "simulate",
        make_spec(
            data={"standardize_target": False},
            network={"activation": {"name": "monomial", "degree": 3}, "depth": 2},
            inference={"kernel": "ntk", "time": ["inf"]},
            simulate={"widths": [2], "seeds": 4, "rows": 10},
        ),
    )
    assert outcome.returncode == 4
    assert "the training of the network of width 2 with seed " in outcome.stderr
    assert "diverges" in outcome.stderr
    assert not (out / "summary.json").exists()


def test_check_tells_what_a_simulation_takes(make_spec: MakeSpec, ntk: Ntk) -> None:
    simulate = {"widths": [4, 8], "seeds": 2, "rows": 10}
    outcome = ntk("check", make_spec(inference=INFERENCE, simulate=simulate))
    assert outcome.returncode == 0
    lines = outcome.stdout.splitlines()
    (place,) = [i for i, line in enumerate(lines) if line.startswith("simulate")]
    assert "2 widths x 2 seeds on 10 rows, about " in lines[place]
    assert "of gradient descent, about " in lines[place + 1]


def test_check_ends_as_a_simulation_that_is_refused_would(make_spec: MakeSpec, ntk: Ntk) -> None:
    outcome = ntk("check", make_spec(inference=INFERENCE, simulate={"learning_rate": 1e3}))
    assert outcome.returncode == 2
    assert "simulate.learning_rate" in outcome.stderr


def test_a_folder_without_a_name_of_its_own_has_one(make_spec: MakeSpec, ntk: Ntk, tmp_path: Path) -> None:
    simulate = {"widths": [4], "seeds": 1, "rows": 10}
    path = make_spec(inference=INFERENCE, simulate=simulate, output={"dir": "inner/.."})
    assert ntk("simulate", path).returncode == 0
    assert tmp_path.with_name(f"{tmp_path.name}-simulation").is_dir()


@pytest.mark.parametrize("options", [[], ["--overwrite"]], ids=["new", "overwrite"])
@pytest.mark.parametrize(("command", "name"), [("simulate", "samples.csv"), ("spectrum", "spectrum.csv")])
def test_results_do_not_take_the_place_of_the_data(
    make_spec: MakeSpec, ntk: Ntk, tmp_path: Path, command: str, name: str, options: list[str]
) -> None:
    path = make_spec(data={"train": f"out/{name}"}, inference=INFERENCE)
    (tmp_path / "out").mkdir()
    table = (tmp_path / "train.csv").rename(tmp_path / "out" / name)
    before = table.read_bytes()
    outcome = ntk(command, path, "--out", tmp_path / "out", *options)
    assert outcome.returncode == 2
    assert f"is read, and {name} would take its place" in outcome.stderr
    assert table.read_bytes() == before
