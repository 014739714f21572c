"""`ntk` on one split, as a whole process."""

import json
import math
import os
import shlex
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from results_score import Score
from sets.split import Split

# What follows the data section; the same for every set: nothing here was chosen by hand for one of them. The
# objective for classes is another: the log loss of rows held out.
SPECS = {
    "fit": "",
    "tune": """\
inference: {variance_scale: auto}
output: {noise: true}
tune:
  objective: OBJECTIVE
  validation: {holdout: 0.2}
  space:
    data.relevance: [equal, learned]
    network.activation: [relu, erf]
    network.depth: [1, 2, 3, 5]
    network.sigma_b: [0.1, 1, 2]
    inference.kernel: [nngp, ntkgp]
""",
}
DATA: dict[str, dict[str, object]] = {"fit": {}, "tune": {"log": "auto"}}
# Where below the output directory the fit is.
FITS = {"fit": ".", "tune": "fit"}


@dataclass(frozen=True)
class Ntk:
    """The command.

    command: `ntk`, or what runs it, such as `python -m ntkcli`.
    """

    command: str

    @property
    def version(self) -> str:
        """As the command tells it."""
        words = [*shlex.split(self.command), "--version"]
        return subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()

    def score(self, split: Split, folder: Path, method: str) -> Score:
        """Learn from the training rows, and read how that does on the test rows.

        The folder keeps the tables, the spec, and what the command said. A failure is a score with an exit
        code.
        """
        spec, out = folder / f"{method}.yaml", folder / method
        split.train.to_csv(folder / "train.csv", index=False)
        split.test.to_csv(folder / "test.csv", index=False)
        objective = "log_loss" if split.chosen.classes else "loo_rmse"
        settings = SPECS[method].replace("OBJECTIVE", objective)
        spec.write_text(f"data: {json.dumps(_data(split, method))}\n{settings}")
        words = [*shlex.split(self.command), method, str(spec), "--out", str(out), "--overwrite", "--quiet"]
        start = time.perf_counter()
        done = subprocess.run(words, capture_output=True, text=True, env=untuned())
        seconds = time.perf_counter() - start
        (folder / f"{method}.stderr").write_text(done.stderr)
        if done.returncode:
            return Score(math.nan, seconds=seconds, exit_code=done.returncode)
        return _read(out / FITS[method] / "metrics.json", seconds)


def _data(split: Split, method: str) -> dict[str, object]:
    """The data section, which is YAML when written as JSON."""
    chosen = split.chosen
    found: dict[str, object] = {"train": "train.csv", "test": "test.csv", "target": chosen.target}
    if chosen.classes:
        found["task"] = "classification"
    if chosen.categorical:
        found["categorical"] = list(chosen.categorical)
    return found | dict(chosen.data) | DATA[method]


def _read(path: Path, seconds: float) -> Score:
    (found,) = json.loads(path.read_text())["scores"]
    values = (found.get(name) for name in ("nll", "coverage"))
    nll, coverage = (math.nan if value is None else value for value in values)
    return Score(found["rmse"] if "rmse" in found else found["log_loss"], nll, coverage, seconds)


def untuned() -> dict[str, str]:
    """The environment without what steers OpenBLAS."""
    return {name: value for name, value in os.environ.items() if not name.startswith("OPENBLAS_")}
