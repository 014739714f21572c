"""The machine's own limits, printed as JSON: what no program on it can beat."""

import json
import time
from collections.abc import Callable

import numpy as np


def best_seconds(action: Callable[[], object], repeats: int = 5) -> float:
    """The shortest of several runs: a limit is what the machine can do when nobody disturbs it."""
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        action()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def limits() -> dict[str, float]:
    """dgemm in GF/s and copy in GB/s on all threads; arccos and sqrt in ns an element on one."""
    n = 4000
    a = np.random.default_rng(0).standard_normal((n, n))
    product = np.empty_like(a)
    source, target = np.ones(2**25), np.empty(2**25)
    tile = np.random.default_rng(1).uniform(0, 1, 2**16)
    out = np.empty_like(tile)
    return {
        "dgemm_gflops": 2 * n**3 / best_seconds(lambda: np.matmul(a, a, out=product)) / 1e9,
        "copy_gbytes": 16 * source.size / best_seconds(lambda: np.copyto(target, source)) / 1e9,
        "arccos_ns": best_seconds(lambda: np.arccos(tile, out=out), 200) / tile.size * 1e9,
        "sqrt_ns": best_seconds(lambda: np.sqrt(tile, out=out), 200) / tile.size * 1e9,
    }


if __name__ == "__main__":
    print(json.dumps(limits()))
