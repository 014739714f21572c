"""A fit of many rows by one process, and on a cluster of one and of two workers: `make bench-cluster`.

Every worker has one thread, and so has the process that reads and solves. All is on this machine, with the
data of `make bench-scale`. Results are compared byte for byte.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from process import GIB, run
from scale_data import Data
from scale_jobs import GROWTH, Job
from sides import Ntk

ROWS = 1_000_000
# What is wanted: seconds of one worker to those without, and of one worker to those of two.
MOST_OVERHEAD, LEAST_GAIN = 1.15, 1.7


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="folder for data and runs")
    parser.add_argument("--share", type=float, default=1.0, help="of the rows; of the centres its root")
    options = parser.parse_args()
    job = next(job for job in GROWTH if job.rows == ROWS).scaled(options.share)
    data = Data(options.work / f"scale_{options.share:g}", Path())
    data.write(job)
    folder = data.folder / "cluster"
    folder.mkdir(exist_ok=True)
    found = {workers: measured(job, folder, workers) for workers in (0, 1, 2)}
    print(report(job, found))


def measured(job: Job, folder: Path, workers: int) -> dict[str, Any]:
    """The job with some workers: seconds, memory, what run.json has of the cluster, and the predictions."""
    ntk, spec, out = Ntk(), folder / "spec.yaml", folder / f"run_{workers}"
    spec.write_text(f"{job.spec()}compute: {{threads: 1}}\n")
    command = [*ntk.command(spec), "--out", str(out)]
    if workers:
        with cluster(folder, workers) as file:
            usage = run([*command, "--scheduler", str(file)], folder / "stderr")
    else:
        usage = run(command, folder / "stderr")
    content = json.loads((out / "run.json").read_text())
    predictions = (out / "predictions.csv").read_bytes()
    record = content["compute"].get("cluster", {})
    print(f"{workers} workers: {usage}, sums {content['seconds']['sums']:.1f} s, {record}", flush=True)
    return {
        "seconds": usage.seconds,
        "peak": usage.peak_bytes,
        "sums": content["seconds"]["sums"],
        "record": record,
        "predictions": predictions,
    }


@contextmanager
def cluster(folder: Path, workers: int) -> Iterator[Path]:
    """A scheduler and workers on the loopback address, for a `with` block; the scheduler's file."""
    file = folder / "scheduler.json"
    file.unlink(missing_ok=True)
    words = [["scheduler", "--port", "0", "--scheduler-file", str(file)]]
    words += [["worker", "--scheduler-file", str(file), "--nthreads", "1", "--no-nanny"]] * workers
    started: list[subprocess.Popen[bytes]] = []
    try:
        for command in words:
            started.append(_dask(*command))
            while not file.exists():
                time.sleep(0.1)
        yield file
    finally:
        for process in started[::-1]:
            process.terminate()
            process.wait()


def _dask(*words: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "dask", *words, "--host", "127.0.0.1", "--no-dashboard"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def report(job: Job, found: dict[int, dict[str, Any]]) -> str:
    """A table, and what holds of what is wanted."""
    lines = [f"{job.rows:,} rows, {job.centres:,} centres", "", "| workers | time | sums | memory | moved |"]
    lines.append("|---|---|---|---|---|")
    for workers, one in found.items():
        moved = f"{one['record']['bytes_moved'] / GIB:.2f} GiB" if workers else ""
        cells = f"{one['seconds']:.1f} s | {one['sums']:.1f} s | {one['peak'] / GIB:.2f} GiB | {moved}"
        lines.append(f"| {workers or 'no cluster'} | {cells} |")
    overhead = found[1]["seconds"] / found[0]["seconds"]
    gain = found[1]["seconds"] / found[2]["seconds"]
    same = len({one["predictions"] for one in found.values()}) == 1
    lines += [
        "",
        f"one worker takes {overhead:.2f} times as long as none: {_holds(overhead <= MOST_OVERHEAD)}",
        f"two are {gain:.2f} times as fast as one: {_holds(gain >= LEAST_GAIN)}",
        f"predictions are the same to the byte: {_holds(same)}",
    ]
    return "\n".join(lines)


def _holds(condition: bool) -> str:
    return "holds" if condition else "does not hold"


if __name__ == "__main__":
    main()
