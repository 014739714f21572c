"""Whether variances are had by samples of the prior, and what that takes."""

import math
from dataclasses import replace

from ntkcli.inference.pathwise import COLUMNS, SAMPLES_PER_NOISE
from ntkcli.kernels.tiling import CHUNK_ROWS
from ntkcli.linalg.pivoted_cholesky import PROPOSALS, usual_rank
from ntkcli.linalg.square_root import BLOCKS
from ntkcli.planning.sizes import Sizes
from ntkcli.planning.work import Work, stage_work
from ntkcli.regression.kernel import KERNELS
from ntkcli.regression.question import Question
from ntkcli.regression.sampled import PILOT_ROWS, piece_rows
from ntkcli.regression.stages import PathSampling, Stage
from ntkcli.solvers.cost import SOLVE_EFFICIENCY
from ntkcli.solvers.storage import Place

# Samples, where the plan decides: standard deviations are 6 % off.
USUAL_SAMPLES = 128
# Exact variances are preferred until they make a job so many times as long.
DEARER = 4.0
# Products that the root of the prior takes for each iteration of a solve with it, and at least.
DEGREES_PER_ITERATION, LEAST_DEGREE = 1.5, 40.0
# Arrays of the samples' size that the root takes.
ROOT_VECTORS = 12


def with_sampling(stage: Stage, sizes: Sizes, question: Question, place: Place) -> Stage:
    """A stage that takes samples for its variances, where the question wants that, or it is far cheaper.

    Fewer test rows than are solved for anyway never do. A model's stage does as it did in the fit.
    """
    wanted = question.variance_samples
    takes_samples = question.uncertainty == "variance" and stage.solver.is_by_products
    if stage.sampling is not None or wanted == "none" or not takes_samples:
        return stage
    if wanted != "auto":
        return replace(stage, sampling=PathSampling(wanted, PILOT_ROWS + 1))
    sampling, rows = replace(stage, sampling=PathSampling(USUAL_SAMPLES)), sizes.m
    if not _is_far_cheaper(sampling, rows, sizes, question, place):
        return stage
    # The same for fewer rows: a model is asked for other numbers of them than the fit.
    while rows > PILOT_ROWS and _is_far_cheaper(sampling, rows // 2, sizes, question, place):
        rows //= 2
    return replace(stage, sampling=PathSampling(USUAL_SAMPLES, max(rows, PILOT_ROWS + 1)))


def _is_far_cheaper(sampling: Stage, m: int, sizes: Sizes, question: Question, place: Place) -> bool:
    some, plain = replace(sizes, m=m), replace(sampling, sampling=None)
    solved = stage_work(plain, some, question, place).operations(some)
    return solved > DEARER * planned_work(sampling, some, question, place).operations(some)


def planned_work(stage: Stage, sizes: Sizes, question: Question, place: Place) -> Work:
    """The arithmetic of a stage, whichever way it has variances."""
    if stage.sampling is None or not stage.is_sampled(question, sizes.m):
        return stage_work(stage, sizes, question, place)
    n, pieces = sizes.n, -(-sizes.m // piece_rows(sizes.n))
    # A sample is a right-hand side as a test row is.
    solves = PILOT_ROWS + pieces * _columns(stage, stage.sampling.count)
    solving = stage_work(replace(stage, sampling=None), replace(sizes, m=solves), question, place)
    joint, rank = n + sizes.m / pieces, usual_rank(n + sizes.m // pieces)
    # Iterations are tried where they are needed anyway.
    iterations = sizes.iterations(stage.gram, n) if math.inf in stage.times else 0.0
    degree = max(LEAST_DEGREE, DEGREES_PER_ITERATION * iterations)
    groups = -(-stage.sampling.count // COLUMNS)
    drawing = pieces * len(stage.kernels)
    entries = drawing * ((BLOCKS + groups * degree) * joint**2 / 2 + joint * rank)
    products = degree * (2 * joint**2 + 4 * joint * rank) * stage.sampling.count
    algebra = drawing * (products + 2 * joint * rank**2 / SOLVE_EFFICIENCY)
    streamed = len(stage.pairs) * sizes.m * n
    return solving + Work(entries + streamed, algebra + 2.0 * streamed * stage.sampling.count)


def _columns(stage: Stage, count: int) -> int:
    """Right-hand sides of so many samples: an ensemble has noise to take out too."""
    has_noise = not all(KERNELS[kernel].is_posterior for kernel in stage.kernels)
    return count + has_noise * max(1, count // SAMPLES_PER_NOISE)


def sampling_bytes(sampling: PathSampling, sizes: Sizes, action_vectors: int) -> int:
    """Bytes of drawing, fitting and streaming, beside a factorisation.

    Args:
        sampling: how many functions.
        sizes: of the job.
        action_vectors: arrays of length n that the solver takes, for each column.
    """
    n, m, count = sizes.n, min(sizes.m, piece_rows(sizes.n)), sampling.count
    joint, at_once = n + m, min(count, COLUMNS)
    rank = usual_rank(joint)
    noise = max(1, count // SAMPLES_PER_NOISE)
    root = joint * (rank + 3 * PROPOSALS + ROOT_VECTORS * at_once) + rank * at_once
    observed = n * (count + noise)
    fitting = 3 * observed + n * min(count + noise, COLUMNS) * action_vectors
    return 8 * (
        joint * count + max(root, joint * count, 4 * observed, fitting, 2 * observed + 2 * CHUNK_ROWS * n)
    )
