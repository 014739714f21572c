"""100,000 rows of 20 features through `ntk fit`, with the plan's forecast beside it: `make bench-rows`."""

import argparse
import json
import subprocess
from pathlib import Path

from csv_tables import write_tables
from figures import Figures
from process import GIB, run
from sides import Ntk

SECONDS_LIMIT, GIB_LIMIT = 40 * 60, 8.0
SPEC = """\
data: {train: train.csv, test: test.csv, target: y, standardize: false}
network: {depth: 3, activation: relu}
inference: {kernel: nngp, time: inf, ridge: 0.01, ridge_scale: trace}
output: {dir: run, std: false}
compute: {tolerance: 1e-6, memory: 8GiB}
"""


def main() -> None:
    """Check, fit, print, and keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="folder for data, runs and figures")
    parser.add_argument("--rows", type=int, default=100_000, help="training rows")
    options = parser.parse_args()
    ntk, folder = Ntk(), options.work / f"many_{options.rows}"
    if not (folder / "test.csv").exists():
        write_tables(folder, options.rows, 1000)
    spec = folder / "spec.yaml"
    spec.write_text(SPEC)
    command = [str(ntk.executable), "check", str(spec)]
    forecast = subprocess.run(command, check=False, capture_output=True, text=True).stdout
    print(forecast, flush=True)
    usage = run(ntk.command(spec))
    story = json.loads((folder / "run" / "run.json").read_text())
    print(f"  whole process: {usage} (limits: {SECONDS_LIMIT} s, {GIB_LIMIT} GiB)")
    print("  solver:", {name: value for name, value in story["solvers"][0].items() if name != "times"})
    print("  phases:", ", ".join(f"{name} {seconds:.1f} s" for name, seconds in story["seconds"].items()))
    content = {
        "forecast": forecast,
        **usage._asdict(),
        "solvers": story["solvers"],
        "phases": story["seconds"],
    }
    content["holds"] = usage.seconds <= SECONDS_LIMIT and usage.peak_bytes <= GIB_LIMIT * GIB
    Figures(options.work / "many_rows.json").add(f"rows_{options.rows}", content)


if __name__ == "__main__":
    main()
