"""What comes before a fit, and how long it takes: logarithms, learned relevance, the values of `auto`."""

import math
from collections.abc import Iterator
from typing import NamedTuple

from ntkcli.jobs.automatic_rows import automatic_rows
from ntkcli.jobs.job import Job
from ntkcli.jobs.network import network_of
from ntkcli.jobs.ranges import AUTOMATIC_STEPS
from ntkcli.jobs.regularisation_search import POINTS, REFINEMENTS, STEPS_OF_BOTH
from ntkcli.jobs.relevance import DEPTH, ROWS
from ntkcli.kernels.evaluator import Evaluator
from ntkcli.linalg.cholesky import EFFICIENCY as CHOLESKY_EFFICIENCY
from ntkcli.planning.duration import Speed
from ntkcli.planning.work import Work, deletion_work, eigendecomposition_work, threads_lost
from ntkcli.regression.kernel import inverted_grams
from ntkcli.solvers.cost import SOLVE_EFFICIENCY
from ntkcli.spec.network import NetworkSpec
from ntkcli.spec.spec import Spec
from ntkcli.units import counted, seconds_text

# The evidence is looked at so often, each time with as much work as three kernels for its gradient.
EVALUATIONS, KERNELS_EACH = 25, 3


class Preparation(NamedTuple):
    """A part of the preparation: its name, what it is, and the seconds that it takes."""

    name: str
    what: str
    seconds: float

    @property
    def text(self) -> str:
        """What it is, and how long it takes."""
        return f"{self.what}, about {seconds_text(self.seconds)}"


def preparations(spec: Spec, job: Job, speed: Speed) -> Iterator[Preparation]:
    """Yield what comes before the fit of a job.

    Args:
        spec: as it was read.
        job: of the spec; its logarithms are chosen, its relevance may be known by now, and the `auto` of its
            inference section is still to be found.
        speed: of the machine, with the job's own kernels.
    """
    seconds = job.journal.timings.get("log", 0.0)
    if spec.data.log == "auto" and seconds:
        yield Preparation("log", "auto: of skewed columns, by leave-one-out", seconds)
    if spec.data.relevance == "learned":
        yield learning(job, speed)
    if job.spec.inference.is_automatic and not job.spec.inference.approximation:
        rows = automatic_rows(job.sizes, job.budget)
        keys = " and ".join(key for key in ("ridge", "time") if getattr(job.spec.inference, key) == "auto")
        what = f"{keys}: by leave-one-out, from an eigendecomposition of {counted(rows, 'row')}"
        yield Preparation("auto", what, speed.of_work(automatic_work(job, rows)))


def learning(job: Job, speed: Speed, times: int = 1) -> Preparation:
    """Return the learning of the relevance of a job's features, so many times."""
    sizes, rows = job.sizes, min(ROWS, len(job.train))
    network = network_of(NetworkSpec(depth=DEPTH), sizes.d)
    evaluator = Evaluator(network, executor=job.evaluator.executor)
    own = speed.of_kernels(evaluator, network.rows(job.dataset.train.x[:rows]))
    features = counted(len(job.dataset.schema.features.features), "feature")
    what = f"learned, a factor for each of {features}, from {counted(rows, 'row')}"
    what += f", {times} times" if times > 1 else ""
    return Preparation("relevance", what, times * own.of_work(relevance_work(rows, sizes.threads)))


def relevance_work(rows: int, threads: int) -> Work:
    """Return the work of learning the relevance of features: kernels, their Cholesky factors and inverses."""
    algebra = rows**3 / 3 / CHOLESKY_EFFICIENCY + 2.0 * rows**3 / SOLVE_EFFICIENCY
    kernels = KERNELS_EACH * rows**2 / 2
    return Work(EVALUATIONS * kernels, EVALUATIONS * algebra * threads_lost(rows, threads))


def automatic_work(job: Job, rows: int) -> Work:
    """Return the work of finding the values of `auto` by so many rows."""
    inference, grams = job.spec.inference, len(inverted_grams(job.spec.inference.kernel))
    eigendecomposition = eigendecomposition_work(rows) * threads_lost(rows, job.sizes.threads)
    free = sum(getattr(inference, key) == "auto" for key in ("ridge", "time"))
    points = (AUTOMATIC_STEPS if free == 1 else STEPS_OF_BOTH**2) + free * REFINEMENTS * POINTS
    time = 1.0 if inference.with_stand_ins().has_finite_time else math.inf
    return Work(grams * rows**2 / 2, grams * (eigendecomposition + points * deletion_work(rows, time)))
