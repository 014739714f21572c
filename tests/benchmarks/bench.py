"""Measure ntk beside neural-tangents and beside the machine's own limits: `make bench`.

Both sides run in turn, several times; figures are medians, and go to figures.json in the work folder. This
process itself stays small and computes nothing, because the memory of a parent can show in the figures of its
children.
"""

import argparse
import statistics
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

from csv_tables import FEATURES, write_tables
from figures import Figures, fit_figures, growth_figures
from fits import measure_fit
from growth import Sizes, measure_growth
from jobs import DEPTH, GRAM_FASTER, JOBS
from limits import measure_activations, measure_grams, measure_machine
from process import run
from report import print_activations, print_fit, print_grams, print_growth, print_machine, print_startup
from sides import Ntk, Peer, threads


def main() -> None:
    """Measure everything, print it, and keep it."""
    options = arguments()
    figures = Figures(options.work / "figures.json")
    ntk, peer = Ntk(), Peer(options.peer)
    measure_jobs(options, figures, ntk, peer)
    measure_sizes(options, figures, ntk, peer)
    startup = startup_seconds(ntk)
    figures.add("startup_seconds", startup)
    print_startup(startup)


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer", type=Path, required=True, help="Python that has neural-tangents")
    parser.add_argument("--work", type=Path, required=True, help="folder for data, runs and figures")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--rows", type=int, default=8000, help="training rows; the peer never gets more")
    parser.add_argument("--test-rows", type=int, default=1000)
    parser.add_argument("--growth", type=int, nargs="+", default=[2000, 4000, 8000, 16000], metavar="ROWS")
    parser.add_argument("--growth-pcg", type=int, nargs="+", default=[8000, 16000, 32000], metavar="ROWS")
    return parser.parse_args()


def measure_jobs(options: argparse.Namespace, figures: Figures, ntk: Ntk, peer: Peer) -> None:
    """The machine, the Gram matrices, and every job."""
    tables = write_tables(options.work / f"rows_{options.rows}", options.rows, options.test_rows)
    sizes = {"rows": tables.rows, "test_rows": tables.test_rows, "features": FEATURES, "depth": DEPTH}
    figures.add("sizes", sizes | {"repeats": options.repeats})
    machine = measure_machine()
    figures.add("machine", {"threads": threads()} | asdict(machine))
    print_machine(machine)
    print(f"\nn = {tables.rows}, m = {tables.test_rows}, d = {FEATURES}, depth {DEPTH}, relu, float64")
    grams = measure_grams(tables, machine, ntk, peer, options.repeats)
    figures.add("grams", asdict(grams) | {"faster": grams.faster, "wanted": GRAM_FASTER})
    print_grams(grams)
    activations = measure_activations()
    figures.add("activations", asdict(activations))
    print_activations(activations)
    fits = []
    for job in JOBS:
        fit = measure_fit(job, tables, ntk, peer, options.repeats)
        fits.append(fit_figures(fit, machine))
        figures.add("fits", fits)
        print_fit(fit, machine)


def measure_sizes(options: argparse.Namespace, figures: Figures, ntk: Ntk, peer: Peer) -> None:
    """Growth with the number of rows, drawn by a process of its own."""
    sizes = Sizes(options.growth, options.growth_pcg, options.test_rows, largest_peer=options.rows)
    growth = measure_growth(options.work, sizes, ntk, peer, options.repeats)
    figures.add("growth", growth_figures(growth))
    print_growth(growth)
    picture = options.work / "growth.png"
    script = Path(__file__).with_name("growth_plot.py")
    subprocess.run([sys.executable, script, figures.path, picture], check=True)
    print(f"  drawn in {picture}")


def startup_seconds(ntk: Ntk) -> dict[str, float]:
    """Of two options that compute nothing."""
    return {
        option: statistics.median(run([str(ntk.executable), option]).seconds for _ in range(11))
        for option in ("--help", "--version")
    }


if __name__ == "__main__":
    main()
