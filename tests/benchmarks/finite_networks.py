"""Measure a wide network's passes against the machine's matrix product, and its empirical NTK."""

import time
from collections.abc import Callable
from statistics import median

import numpy as np

from ntkcli.jobs.network import network_of
from ntkcli.planning.machine import multiply_rate
from ntkcli.simulation.descent import Interval, descend
from ntkcli.simulation.empirical import empirical_nngp, empirical_ntk, sensitivities
from ntkcli.simulation.finite_network import FiniteNetwork
from ntkcli.spec.network import NetworkSpec

WIDTH, DEPTH, ROWS, FEATURES, REPEATS = 4096, 3, 256, 8, 5


def main() -> None:
    """Print medians of several runs, in one process."""
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((ROWS, FEATURES)), rng.standard_normal((ROWS, 1))
    infinite = network_of(NetworkSpec(depth=DEPTH), FEATURES)
    network = FiniteNetwork.draw(infinite, x, width=WIDTH, outputs=1, rng=rng)
    rows = slice(ROWS)
    # A product with each layer's weights forwards, and one backwards through all but the first.
    operations = 2 * ROWS * (2 * sum(dense.weights.size for dense in network.dense) - FEATURES * WIDTH)
    gradient = 2 * ROWS * sum(dense.weights.size for dense in network.dense)

    def passes() -> None:
        done = network.forward(rows)
        list(network.backward(done, done.outputs - y))

    def step() -> None:
        list(descend(network, rows, y, [Interval(1.0, 1, 1e-9)]))

    def kernels() -> None:
        drawn = FiniteNetwork.draw(infinite, x, width=WIDTH, outputs=1, rng=rng)
        done = drawn.forward(rows)
        found = sensitivities(drawn, done, 0)
        empirical_nngp(drawn, done)
        empirical_ntk(found, found)

    rate = multiply_rate()
    print(f"width {WIDTH}, depth {DEPTH}, {ROWS} rows; a matrix product: {rate / 1e9:.0f} GF/s")
    for name, work, count in (
        ("forward and backward", passes, operations),
        ("a step of gradient descent", step, operations + gradient),
    ):
        seconds = seconds_of(work)
        print(f"{name}: {seconds:.3f} s, {count / seconds / rate:.0%} of the product's rate")
    print(f"a draw with its empirical NNGP and NTK: {seconds_of(kernels):.2f} s")


def seconds_of(work: Callable[[], None]) -> float:
    """The median over several runs, after one that does not count."""
    work()
    found = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return median(found)


if __name__ == "__main__":
    main()
