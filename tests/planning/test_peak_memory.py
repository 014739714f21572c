"""The planned memory of whole commands, beside measured peaks."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from ntkcli.jobs.job import Job
from ntkcli.jobs.opening import open_job
from ntkcli.journal import Journal
from ntkcli.planning.planner import Planner
from ntkcli.planning.sizes import Sizes
from ntkcli.solvers.storage import Place
from ntkcli.spec.file import read_spec

NTK_AT_10: dict[str, Any] = {"kernel": "ntk", "time": 10}


# What holds the libraries and rows of the case that it is for, but no Gram matrix beside them.
TIGHT = 46 * 2**20 + Sizes(0, 0, 0).base


@dataclass(frozen=True)
class Case:
    """A job whose memory is measured.

    n, m, d: training rows, test rows, features.
    sections: of the spec.
    command: `fit` or `kernel`.
    place: the only one where Gram matrices may be.
    is_tried: whether iterations are counted beforehand on some of the rows.
    """

    n: int
    m: int = 200
    d: int = 10
    sections: dict[str, dict[str, Any]] = field(default_factory=dict)
    command: str = "fit"
    place: Place = "memory"
    is_tried: bool = False


# Easy to solve, as the memory does not depend on the number of iterations.
EASY: dict[str, Any] = {"ridge": 10}
PCG: dict[str, Any] = {"compute": {"solver": "pcg"}, "inference": EASY}
CHEBYSHEV: dict[str, Any] = {"compute": {"solver": "chebyshev"}, "inference": {"kernel": "ntk", "time": 1.0}}
AUTO: dict[str, Any] = {"kernel": "nngp", "variance_scale": "auto"}
MEAN: dict[str, Any] = {"output": {"std": False}}
MEASURED = {
    "mean": Case(3000, sections=MEAN),
    "mean and std": Case(3000),
    "two threads": Case(2500, sections={"compute": {"threads": 2}, **MEAN}),
    "float32": Case(3500, sections={"compute": {"dtype": "float32"}}),
    "eigh": Case(
        1600, sections={"inference": {"kernel": "nngp", "time": 10}, "compute": {"solver": "eigh"}}
    ),
    "automatic": Case(1600, sections={"inference": {"ridge": "auto"}}),
    "lanczos": Case(2000, 60, sections={"inference": NTK_AT_10, "compute": {"solver": "lanczos"}}),
    "rows left out": Case(3000, sections={"inference": AUTO}),
    "rows left out by Lanczos": Case(
        250, 60, sections={"inference": AUTO | {"time": 10}, "compute": {"solver": "lanczos"}}
    ),
    "a few samples": Case(1500, 1200, sections={"output": {"samples": 20}}),
    "many samples": Case(1200, 1000, sections={"output": {"samples": 4000}}),
    "variances from samples": Case(
        1500, 700, sections={
            "inference": EASY | {"kernel": "nngp"},
            "compute": {"solver": "pcg", "variance_samples": 128},
            "output": {"interval_from": "normal"},
        }
    ),
    "covariance": Case(1500, 1200, sections={"output": {"covariance": True}}),
    "covariance of a posterior": Case(
        2500, 1200, sections={"inference": {"kernel": "ntkgp"}, "output": {"covariance": True}}
    ),
    "covariance of the prior": Case(
        200, 2000, sections={"inference": {"kernel": "nngp", "time": 0}, "output": {"covariance": True}}
    ),
    "many features": Case(600, 300, 3000, sections=MEAN),
    "matrices": Case(2000, 1200, sections={"output": {"kernels": ["ntk_train_train", "nngp_test_test"]}}),
    "matrices alone": Case(2000, sections={"output": {"kernels": ["ntk_train_train"]}}, command="kernel"),
    "pcg": Case(3000, 60, sections=PCG),
    "pcg in float32": Case(3500, sections=PCG | MEAN),
    "pcg in a file": Case(2500, 60, sections=PCG, place="file"),
    "pcg of tiles": Case(2500, sections=PCG | MEAN, place="tiles"),
    "pcg with a trial": Case(2500, sections=PCG | MEAN, place="file", is_tried=True),
    "chebyshev": Case(2500, 100, sections=CHEBYSHEV),
    "chebyshev in a file": Case(2000, 100, sections=CHEBYSHEV, place="file"),
    "chebyshev of tiles": Case(1500, sections=CHEBYSHEV | MEAN, place="tiles"),
    "blocks in a file": Case(3000, sections={"compute": {"memory": f"{TIGHT}B"}}, place="file"),
}  # fmt: skip


def table(rows: int, features: int, seed: int) -> bytes:
    """A CSV file of random numbers of two digits; the last column is y."""
    digits = np.random.default_rng(seed).integers(ord("0"), ord("9") + 1, (rows, features + 1, 3), np.uint8)
    digits[:, :, 2] = ord(",")
    digits[:, -1, 2] = ord("\n")
    header = ",".join([*(f"x{i}" for i in range(features)), "y"])
    return header.encode() + b"\n" + digits.tobytes()


@pytest.fixture
def spec_of(write: Callable[[str, str | bytes], Path]) -> Callable[[Case], Path]:
    """Write the files of a case."""

    def write_case(case: Case) -> Path:
        write("train.csv", table(case.n, case.d, seed=0))
        write("test.csv", table(case.m, case.d, seed=1))
        sections = {
            "data": {"train": "train.csv", "test": "test.csv", "target": "y"},
            "inference": {"ridge": 0.1} | case.sections.get("inference", {}),
            "output": {"dir": "run"} | case.sections.get("output", {}),
            # Enough for every case, whatever is free: the plan must not depend on the neighbours.
            "compute": {"threads": 1, "memory": "4GiB"} | case.sections.get("compute", {}),
        }
        return write("spec.yaml", yaml.safe_dump(sections))

    return write_case


def planner_of(path: Path, command: str) -> Planner:
    """What the command plans for a spec."""
    with open_job(read_spec(path), Journal()) as job:
        planner = job.with_inference(job.spec.inference.with_stand_ins()).planner()
        return planner if command == "fit" else replace(planner, question=None)


# A command with the places and trials of a case, and its peak without what is mapped from a file.
PROCESS = """
import ntkcli.planning.planner
from pathlib import Path
from ntkcli.__main__ import main
from ntkcli.jobs.job import Job
from tests.planning.private_memory import peak_written_to

ntkcli.planning.planner.PLACES = ({place!r},)
Job._is_tried = {is_tried!r}
with peak_written_to(Path({folder!r}, "private")):
    main()
"""


@pytest.mark.slow
@pytest.mark.parametrize("case", MEASURED.values(), ids=MEASURED)
def test_the_estimate_of_peak_memory_is_near_the_measured_peak(
    spec_of: Callable[[Case], Path], tmp_path: Path, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = spec_of(case)
    monkeypatch.setattr("ntkcli.planning.planner.PLACES", (case.place,))
    monkeypatch.setattr(Job, "_is_tried", case.is_tried)
    plan = planner_of(path, case.command).checked()
    code = PROCESS.format(place=case.place, is_tried=case.is_tried, folder=str(tmp_path))
    root = Path(__file__).parents[2]
    subprocess.run(
        [sys.executable, "-c", code, case.command, path], check=True, capture_output=True, cwd=root
    )
    story = json.loads((tmp_path / "run" / "run.json").read_text())
    assert story["compute"]["storage"] == plan.storage.place == case.place
    is_mapped = case.place == "file"
    peak = int((tmp_path / "private").read_text()) if is_mapped else story["peak_memory_bytes"]
    assert 0.9 * peak <= plan.memory_bytes <= 1.25 * peak


def approximated(kernel: str, **output: object) -> dict[str, dict[str, object]]:
    method = {"method": "nystrom", "centres": 800}
    return {"inference": {"kernel": kernel, "ridge": "auto", "approximation": method}, "output": output}


APPROXIMATED = {
    "a posterior": Case(6000, 1500, sections=approximated("nngp")),
    "an ensemble": Case(6000, 1500, sections=approximated("ntk")),
    "a covariance": Case(3000, 1500, sections=approximated("nngp", covariance=True)),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", APPROXIMATED.values(), ids=APPROXIMATED)
def test_the_estimate_of_an_approximation_is_near_the_measured_peak(
    spec_of: Callable[[Case], Path], tmp_path: Path, case: Case
) -> None:
    path = spec_of(case)
    with open_job(read_spec(path), Journal()) as job:
        approximation = job.spec.inference.approximation
        assert approximation is not None
        plan = job.nystrom_planner(approximation).checked()
    command = [sys.executable, "-m", "ntkcli", "fit", str(path)]
    subprocess.run(command, check=True, capture_output=True, cwd=Path(__file__).parents[2])
    peak = json.loads((tmp_path / "run" / "run.json").read_text())["peak_memory_bytes"]
    assert 0.8 * peak <= plan.memory_bytes <= 1.25 * peak
