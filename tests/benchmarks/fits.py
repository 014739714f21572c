"""A job as whole processes, CSV in and CSV out, on both sides in turn."""

import statistics
from dataclasses import dataclass, field

from csv_tables import Tables, column, largest_difference
from jobs import Job
from process import Usage, median, run
from sides import PEER_MODES, Ntk, Peer


@dataclass(frozen=True)
class Fit:
    """What was measured of a job: medians over some repeats.

    ntk, peers: usage of ntk and of the peer by mode.
    phases: ntk's seconds by phase.
    differences: the largest between both sides' results, by column.
    """

    job: Job
    rows: int
    ntk: Usage
    peers: dict[str, Usage]
    phases: dict[str, float]
    differences: dict[str, float]

    def faster(self, mode: str) -> float:
        """The peer's seconds over ntk's."""
        return self.peers[mode].seconds / self.ntk.seconds

    def smaller(self, mode: str) -> float:
        """The peer's peak memory over ntk's."""
        return self.peers[mode].peak_bytes / self.ntk.peak_bytes

    @property
    def factorisation_gflops(self) -> float:
        """The rate of a Cholesky factorisation in the phase `factor`."""
        return self.rows**3 / 3 / self.phases["factor"] / 1e9


@dataclass
class _Samples:
    """What was measured so far."""

    ntk: list[Usage] = field(default_factory=list)
    phases: list[dict[str, float]] = field(default_factory=list)
    peers: dict[str, list[Usage]] = field(default_factory=lambda: {mode: [] for mode in PEER_MODES})


def measure_fit(job: Job, tables: Tables, ntk: Ntk, peer: Peer, repeats: int) -> Fit:
    """Run both sides in turn, several times."""
    samples = _Samples()
    for _ in range(repeats):
        samples.ntk.append(run(ntk.fit(job, tables)))
        samples.phases.append(ntk.phases(tables.folder / "run"))
        for mode, usages in samples.peers.items():
            usages.append(run(peer.fit(mode, job, tables)))
    return Fit(
        job=job,
        rows=tables.rows,
        ntk=median(samples.ntk),
        peers={mode: median(usages) for mode, usages in samples.peers.items()},
        phases={name: statistics.median(each[name] for each in samples.phases) for name in samples.phases[0]},
        differences=_differences(job, tables),
    )


def _differences(job: Job, tables: Tables) -> dict[str, float]:
    """Between the files that both sides wrote last."""
    ours, theirs = tables.folder / "run" / "predictions.csv", tables.folder / "peer.csv"
    return {
        name: largest_difference(column(ours, f"y_{name}"), column(theirs, name))
        for name in (["mean", "std"] if job.std else ["mean"])
    }
