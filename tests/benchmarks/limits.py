"""What no program on this machine can beat, and both Gram matrices beside it."""

import json
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from csv_tables import Tables
from jobs import DEPTH
from process import printed_seconds
from sides import Ntk, Peer, threads


@dataclass(frozen=True)
class Machine:
    """dgemm in GF/s and copy in GB/s on all threads; arccos and sqrt in ns an element on one."""

    dgemm_gflops: float
    copy_gbytes: float
    arccos_ns: float
    sqrt_ns: float


@dataclass(frozen=True)
class Grams:
    """Both Gram matrices, kernel arithmetic alone.

    without_avx512_seconds: ntk's where numpy and BLAS make no use of AVX-512.
    floor_seconds: of one arccos and one sqrt an entry and layer, on all threads.
    """

    ntk_seconds: float
    without_avx512_seconds: float
    peer_seconds: float
    floor_seconds: float

    @property
    def faster(self) -> float:
        """The peer's seconds over ntk's."""
        return self.peer_seconds / self.ntk_seconds


def measure_machine() -> Machine:
    """Measured in a process of its own."""
    script = Path(__file__).with_name("machine.py")
    output = subprocess.run([sys.executable, script], check=True, capture_output=True, text=True).stdout
    return Machine(**json.loads(output))


@dataclass(frozen=True)
class ActivationCost:
    """Of an activation, in units of relu's: K alone, and K with Theta."""

    nngp: float
    both: float


@dataclass(frozen=True)
class ActivationCosts:
    """Of every activation; and of both kernels of a relu network beside K alone.

    relu_ns: of relu's K, an entry on one thread.
    """

    relu_ns: float
    both_to_nngp: float
    ratios: dict[str, ActivationCost]


def measure_activations() -> ActivationCosts:
    """Measured in a process of its own, on one thread."""
    script = Path(__file__).with_name("activation_costs.py")
    output = subprocess.run([sys.executable, script], check=True, capture_output=True, text=True).stdout
    costs = json.loads(output)
    network, relu = costs.pop("relu, depth 3"), costs["relu"]
    ratios = {
        name: ActivationCost(cost["nngp"] / relu["nngp"], cost["both"] / relu["both"])
        for name, cost in costs.items()
    }
    return ActivationCosts(relu["nngp"], network["both"] / network["nngp"], ratios)


def measure_grams(tables: Tables, machine: Machine, ntk: Ntk, peer: Peer, repeats: int) -> Grams:
    """Both sides in turn; medians."""
    ours, plain, theirs = [], [], []
    for _ in range(repeats):
        ours.append(printed_seconds(ntk.grams(tables)))
        plain.append(printed_seconds(ntk.grams_without_avx512(tables)))
        theirs.append(printed_seconds(peer.grams(tables)))
    entries = tables.rows * (tables.rows + 1) / 2 * (DEPTH - 1)
    floor = entries * (machine.arccos_ns + machine.sqrt_ns) * 1e-9 / threads()
    ours_median, plain_median, theirs_median = map(statistics.median, (ours, plain, theirs))
    return Grams(ours_median, plain_median, theirs_median, floor)
