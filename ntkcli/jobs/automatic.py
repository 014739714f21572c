"""`inference.ridge: auto` and `inference.time: auto`: the values with the least leave-one-out error."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import numpy as np

from ntkcli.inference.spectral_scores import SpectralSmoother
from ntkcli.jobs.automatic_rows import automatic_numbers, automatic_rows
from ntkcli.jobs.job import Job
from ntkcli.jobs.regularisation_search import Axes, Found, RegularisationSearch
from ntkcli.jobs.sample import sampled
from ntkcli.kernels.rows import GramName
from ntkcli.linalg.spectrum import Spectrum
from ntkcli.planning.eigendecomposition import check_memory
from ntkcli.regression.kernel import inverted_grams
from ntkcli.regression.question import time_text
from ntkcli.spec.inference import InferenceSpec
from ntkcli.units import counted


def automatic(job: Job) -> InferenceSpec:
    """Return the spec's inference section with numbers in the place of `auto`.

    One eigendecomposition for each Gram matrix that the kernels invert, of at most 2,000 training rows at
    random, gives the leave-one-out residuals at every ridge and time. The least root mean square of them
    wins, and is reported to the journal.

    Raises:
        ResourceError: there is too little memory for an eigendecomposition.
        NumericalError: the Gram matrix is singular to rounding at every ridge and time tried.
    """
    inference = job.spec.inference
    if not inference.is_automatic:
        return inference
    some = _affordable(job)
    with job.journal.phase("automatic"):
        found = {gram: _search(some, gram, len(job.train)) for gram in inverted_grams(inference.kernel)}
    by = "" if len(some.train) == len(job.train) else f", of {counted(len(some.train), 'row')}"
    way = "leave-one-out" if job.dataset.train.groups is None else "leave-one-group-out"
    return with_found(job, found, way, by)


def _affordable(job: Job) -> Job:
    """Return a job on the rows that `auto` is found by."""
    inference, rows = job.spec.inference, automatic_rows(job.sizes, job.budget)
    what = [f"inference.{key}: auto" for key in ("ridge", "time") if getattr(inference, key) == "auto"]
    check_memory(job.sizes, job.budget, automatic_numbers(rows), factored=rows, what=" and ".join(what))
    return job if rows == len(job.train) else sampled(job, rows)


def with_found(job: Job, found: Mapping[GramName, Found], way: str, rows: str) -> InferenceSpec:
    """Report the values that were found for `auto`, and return the inference section with them.

    Args:
        job: whose spec has `auto`.
        found: for each Gram matrix.
        way: in which rows were not seen, for the message.
        rows: how many these were, for its end.
    """
    inference, changes = job.spec.inference, dict[str, object]()
    targets = job.dataset.schema.targets
    of_unit = f" of {targets.unit}" if targets.transforms and targets.unit else ""
    if inference.ridge == "auto":
        ridges = {gram: best.ridge for gram, best in found.items()}
        changes["ridge"] = ridges if len(ridges) > 1 else next(iter(ridges.values()))
    if inference.time == "auto":
        # It is for one kernel.
        changes["time"] = [best.time for best in found.values()]
    for gram, best in found.items():
        of_gram = f" for {gram}" if len(found) > 1 else ""
        error = "" if best.error is None else f" +- {best.error:.2g}"
        given = f"({way} rmse{of_unit} {best.score:.4g}{error}{rows})"
        if inference.ridge == "auto":
            edge = ", at the edge of what it tries" if best.at_edge else ""
            job.journal.tell(f"inference.ridge: auto is {best.ridge:.6g}{of_gram}{edge} {given}")
        if inference.time == "auto":
            job.journal.tell(f"inference.time: auto is {time_text(best.time)} {given}")
    return inference.model_copy(update=changes)


def _search(job: Job, gram: GramName, rows: int) -> Found:
    """Search by the rows of a job; `rows` is the number of those that are fitted in the end."""
    blocks = replace(job.evaluator, dtype=np.float64).symmetric(job.train, [gram])[gram]
    spectrum = Spectrum.of(blocks.to_array())
    smoother = SpectralSmoother(spectrum, job.train.weigh(job.dataset.y_train))
    groups = job.dataset.train.groups
    left_out = smoother.left_out if groups is None else partial(smoother.left_out, groups=groups)
    searched, mean = len(job.train), float(job.train.diagonal(gram).mean())
    axes = Axes.of(job, gram, spectrum.eigenvalues, mean, (searched, rows))
    inference = job.spec.inference
    return RegularisationSearch(left_out, axes, job.dataset.target_scaling.scale).best(
        ridge_is_free=inference.ridge == "auto", time_is_free=inference.time == "auto"
    )
