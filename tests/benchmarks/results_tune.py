"""`ntk tune` on one split, as a whole process."""

import json
import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from results_score import Score

# The same for every set: nothing here was chosen by hand for one of them.
SPEC = """\
data: {{train: train.csv, test: test.csv, target: {target}, log: auto, relevance: learned}}
inference: {{ridge_scale: trace, variance_scale: auto}}
output: {{noise: true, interval_from: leave_one_out}}
tune:
  objective: loo_nll
  rows: 2000
  space:
    network.activation: [relu, erf]
    network.depth: [2, 3, 5, 10]
    network.sigma_b: [1, 2]
    inference.kernel: [nngp, ntkgp]
    inference.ridge: {{low: 1.0e-6, high: 1.0, log: true}}
"""


class TuneError(Exception):
    """`ntk tune` failed."""


@dataclass(frozen=True)
class Tune:
    """The command.

    executable: `ntk`.
    """

    executable: Path

    @property
    def version(self) -> str:
        """As the command tells it."""
        return subprocess.run(
            [self.executable, "--version"], check=True, capture_output=True, text=True
        ).stdout.strip()

    def score(self, train: pd.DataFrame, test: pd.DataFrame, folder: Path) -> Score:
        """Choose the settings on the training rows, fit them, and read how they do on the test rows.

        Raises:
            TuneError: the command failed.
        """
        train.to_csv(folder / "train.csv", index=False)
        test.to_csv(folder / "test.csv", index=False)
        spec, out = folder / "spec.yaml", folder / "tune"
        spec.write_text(SPEC.format(target=train.columns[-1]))
        start = time.perf_counter()
        command = [str(self.executable), "tune", str(spec), "--out", str(out), "--overwrite", "--quiet"]
        done = subprocess.run(command, capture_output=True, text=True, env=untuned())
        seconds = time.perf_counter() - start
        if done.returncode:
            raise TuneError(f"ntk tune {spec}: exit code {done.returncode}\n{done.stderr}")
        (found,) = json.loads((out / "fit" / "metrics.json").read_text())["scores"]
        return Score(found["rmse"], found["nll"], found["coverage"], seconds)


def untuned() -> dict[str, str]:
    """The environment without what steers OpenBLAS."""
    return {name: value for name, value in os.environ.items() if not name.startswith("OPENBLAS_")}
