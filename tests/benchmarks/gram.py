"""Seconds of both Gram matrices of a CSV file's rows, a line for each of some runs.

gram.py TRAIN DEPTH THREADS
"""

import sys
import time

import pandas as pd

from ntkcli.jobs.network import network_of
from ntkcli.kernels.evaluator import Evaluator
from ntkcli.kernels.executor import Threads
from ntkcli.spec.network import NetworkSpec


def main(train: str, depth: str, threads: str) -> None:
    """Print the seconds of each run; the first also pays for fresh memory."""
    x = pd.read_csv(train).drop(columns="y").to_numpy()
    network = network_of(NetworkSpec(depth=int(depth), sigma_w=1.5), x.shape[1])
    rows = network.rows(x)
    gram = Evaluator(network, executor=Threads(int(threads)))
    for _ in range(4):
        start = time.perf_counter()
        gram.symmetric(rows, ["nngp", "ntk"])
        print(time.perf_counter() - start)


if __name__ == "__main__":
    main(*sys.argv[1:])
