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
        ({"compute": {"memory": "50MiB"}}, 5, "not enough memory: this simulation needs about "),
    ],
    ids=["falling", "repeated", "below 1", "empty", "rate", "times", "no function", "variance", "memory"],
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
