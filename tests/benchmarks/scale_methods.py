"""What does the jobs at scale: the commands, and what comes of them."""

import json
import math
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from csv_tables import column
from process import GIB, run
from scale_data import HERE, Data
from scale_jobs import Job
from sides import Ntk

NORMAL_95 = 1.959963984540054
# What a process takes beside its features, and what is left to others.
SPARE_BYTES = 2 * GIB

Outcome = dict[str, Any]


def measure_ntk(job: Job, folder: Path) -> Outcome:
    """`ntk check` for its forecast, then `ntk fit`: a score for each kernel, and seconds by phase."""
    ntk, spec = Ntk(), folder / "spec.yaml"
    spec.write_text(job.spec())
    check = [str(ntk.executable), "check", str(spec)]
    forecast = subprocess.run(check, check=False, capture_output=True, text=True).stdout
    outcome = _outcome(ntk.command(spec), folder / "ntk.stderr")
    if "failure" not in outcome:
        metrics = json.loads((folder / "run" / "metrics.json").read_text())["scores"]
        scores = [{name: score.get(name) for name in ("kernel", "rmse", "coverage")} for score in metrics]
        outcome |= {"scores": scores, "phases": ntk.phases(folder / "run")}
    return outcome | {"forecast": forecast}


@dataclass(frozen=True)
class Peers:
    """The methods that ntk is measured beside, under a Python of their own."""

    python: Path

    def measure(self, method: str, job: Job, folder: Path, data: Data) -> Outcome:
        """One of them: a score, with a coverage if it has standard deviations."""
        needed = 2 * 8 * job.rows * job.centres + SPARE_BYTES if method == "nystroem" else 0
        if needed > available_bytes():
            # All features, and in `transform` the kernel's values beside them.
            return {"failure": f"needs {needed / GIB:.0f} GiB"}
        out = folder / f"{method}.csv"
        files = [str(data.train(job)), str(data.test(job)), str(out)]
        script = [str(self.python), str(HERE / "scale_peer.py"), method]
        command = [*script, *files, job.target, str(job.centres)]
        outcome = _outcome(command, folder / f"{method}.stderr")
        if "failure" not in outcome:
            outcome["scores"] = [_score(data.test(job), job.target, out)]
        return outcome


def available_bytes() -> int:
    """Of memory that nobody uses, the system's caches aside."""
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    raise SystemExit("/proc/meminfo has no MemAvailable: this benchmark is for Linux")


def _outcome(command: list[str], errors: Path) -> Outcome:
    """What a command took; or that it failed, since others are still to be measured."""
    try:
        return run(command, errors)._asdict()
    except subprocess.CalledProcessError as error:
        print(f"  {errors}: {errors.read_text().strip().splitlines()[-1:]}", flush=True)
        return {"failure": f"exit code {error.returncode}"}


def _score(test: Path, target: str, out: Path) -> dict[str, float | None]:
    """Root mean square error; and the share of values in 95 % intervals, where there are some."""
    wanted, mean = column(test, target), column(out, "mean")
    errors = [a - b for a, b in zip(wanted, mean, strict=True)]
    rmse = math.sqrt(sum(error**2 for error in errors) / len(errors))
    with out.open() as file:
        has_std = "std" in next(file).strip().split(",")
    if not has_std:
        return {"rmse": rmse, "coverage": None}
    pairs = zip(errors, column(out, "std"), strict=True)
    covered = sum(abs(error) <= NORMAL_95 * std for error, std in pairs)
    return {"rmse": rmse, "coverage": covered / len(errors)}
