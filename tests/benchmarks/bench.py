"""Measure ntk beside neural-tangents and beside the machine's own limits: `make bench`.

Both sides run in turn, several times; figures are medians. This process itself stays small and computes
nothing, because the memory of a parent can show in the figures of its children.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
from pathlib import Path

from process import Usage, printed_seconds, run

N, M, D, DEPTH = 8000, 1000, 20, 3
HERE = Path(__file__).parent
GIB = 2**30
PEER_MODES = {
    "plain": "peer as its documentation has it (wanted: 4 times faster, 1/3 of the memory)",
    "jit": "peer with its kernel function compiled, the fastest it can do",
}

SPEC = """\
data: {{train: train.csv, test: test.csv, target: y, standardize: false, standardize_target: false}}
network: {{depth: {depth}, activation: relu, sigma_w: 1.5, sigma_b: 0.1}}
inference: {{kernel: ntk, time: inf}}
output: {{dir: run, std: {std}}}
"""


def main() -> None:
    """Run everything and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer", type=Path, required=True, help="Python that has neural-tangents")
    parser.add_argument("--work", type=Path, required=True, help="folder for data and runs")
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    write_data(options.work)
    limits = machine_limits()
    print_limits(limits)
    print_gram(options, limits)
    for std in (False, True):
        print_fit(options, limits, std=std)
    print_startup()


def write_data(work: Path) -> None:
    """Standard normal features and target, the same every time."""
    rng = random.Random(0)
    header = ",".join([*(f"x{i}" for i in range(D)), "y"])
    for name, rows in (("train", N), ("test", M)):
        lines = [",".join(repr(rng.gauss(0, 1)) for _ in range(D + 1)) for _ in range(rows)]
        (work / f"{name}.csv").write_text("\n".join([header, *lines]) + "\n")


def machine_limits() -> dict[str, float]:
    """Measured in a process of their own."""
    output = subprocess.run(
        [sys.executable, HERE / "machine.py"], check=True, capture_output=True, text=True
    ).stdout
    found: dict[str, float] = json.loads(output)
    return found


def print_limits(limits: dict[str, float]) -> None:
    """The yardstick of the rest."""
    print(f"machine: {threads()} threads")
    print(f"  dgemm {limits['dgemm_gflops']:.0f} GF/s, copy {limits['copy_gbytes']:.0f} GB/s", end=", ")
    print(f"arccos {limits['arccos_ns']:.2f} ns and sqrt {limits['sqrt_ns']:.2f} ns an element on one thread")


def print_gram(options: argparse.Namespace, limits: dict[str, float]) -> None:
    """Both Gram matrices of N rows, kernel arithmetic alone."""
    train = str(options.work / "train.csv")
    ours, peers = [], []
    for _ in range(options.repeats):
        ours.append(
            printed_seconds([sys.executable, str(HERE / "gram.py"), train, str(DEPTH), str(threads())])
        )
        peers.append(printed_seconds([str(options.peer), str(HERE / "peer.py"), "gram", train, str(DEPTH)]))
    mine, peer = statistics.median(ours), statistics.median(peers)
    entries = N * (N + 1) / 2 * (DEPTH - 1)
    floor = entries * (limits["arccos_ns"] + limits["sqrt_ns"]) * 1e-9 / threads()
    print(f"\nboth Gram matrices, n = {N}, depth {DEPTH}, relu, float64")
    print(f"  ntk {mine:.2f} s, peer {peer:.2f} s: {peer / mine:.1f} times faster (wanted: 4)")
    print(
        f"  limit: one arccos and one sqrt an entry and layer take {floor:.2f} s: {floor / mine:.0%} reached"
    )


def print_fit(options: argparse.Namespace, limits: dict[str, float], *, std: bool) -> None:
    """The whole process, CSV in and CSV out, at time inf."""
    work, columns = options.work, "std" if std else "mean"
    spec = work / "spec.yaml"
    spec.write_text(SPEC.format(depth=DEPTH, std=str(std).lower()))
    commands = {"ntk": [ntk(), "fit", str(spec), "--overwrite", "--quiet"]}
    for mode in PEER_MODES:
        files = [f"{work}/train.csv", f"{work}/test.csv", str(DEPTH), f"{work}/peer.csv", columns]
        commands[mode] = [str(options.peer), str(HERE / "peer.py"), mode, *files]
    usages: dict[str, list[Usage]] = {name: [] for name in commands}
    for _ in range(options.repeats):
        for name, command in commands.items():
            usages[name].append(run(command))
    mine = median(usages["ntk"])
    print(f"\nwhole process, n = {N}, m = {M}, d = {D}, depth {DEPTH}, relu, time inf", end=", ")
    print("mean and std" if std else "mean")
    print(f"  ntk: {mine.seconds:.1f} s, {mine.peak_bytes / GIB:.2f} GiB")
    for mode, words in PEER_MODES.items():
        print_ratio(words, median(usages[mode]), mine)
    print(f"  largest difference of the means: {largest_difference(work):.1e}")
    print_shares(json.loads((work / "run" / "run.json").read_text())["seconds"], limits, std=std)


def print_ratio(words: str, peer: Usage, mine: Usage) -> None:
    """How many times faster and smaller ntk is."""
    print(f"  {words}:\n    {peer.seconds:.1f} s, {peer.peak_bytes / GIB:.2f} GiB", end="; ntk is ")
    print(f"{peer.seconds / mine.seconds:.1f} times faster", end=" in ")
    print(f"1/{peer.peak_bytes / mine.peak_bytes:.1f} of the memory")


def print_shares(seconds: dict[str, float], limits: dict[str, float], *, std: bool) -> None:
    """Which share of the dgemm rate the matrix work reached, in the last run."""
    work = {"solve": N**3 / 3}
    if std:
        work["predict"] = 3 * N**2 * M  # two triangular solves and half a product, n^2 m each
    for phase, flops in work.items():
        rate = flops / seconds[phase] / 1e9
        print(
            f"  {phase}: {seconds[phase]:.2f} s, {rate:.0f} GF/s, {rate / limits['dgemm_gflops']:.0%} of it"
        )
    print("  all phases:", ", ".join(f"{phase} {value:.2f} s" for phase, value in seconds.items()))


def print_startup() -> None:
    """What a person or a shell's completion waits for."""
    print("\nstart-up (wanted: under 0.25 s)")
    for option in ("--help", "--version"):
        seconds = statistics.median(run([ntk(), option]).seconds for _ in range(11))
        print(f"  ntk {option}: {seconds:.3f} s")


def largest_difference(work: Path) -> float:
    """Between the means that both sides wrote."""
    ours = column(work / "run" / "predictions.csv", "y_mean")
    peers = column(work / "peer.csv", "mean")
    return max(abs(a - b) for a, b in zip(ours, peers, strict=True))


def column(path: Path, name: str) -> list[float]:
    """One column of a CSV file that quotes nothing."""
    header, *lines = path.read_text().splitlines()
    place = header.split(",").index(name)
    return [float(line.split(",")[place]) for line in lines]


def median(usages: list[Usage]) -> Usage:
    """Seconds and memory, each by itself."""
    return Usage(
        statistics.median(usage.seconds for usage in usages),
        int(statistics.median(usage.peak_bytes for usage in usages)),
    )


def ntk() -> str:
    """The command that is measured: the one beside this Python."""
    return str(Path(sys.executable).with_name("ntk"))


def threads() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0))


if __name__ == "__main__":
    main()
