"""`ntk check`: the memory, disk and time that fitting or tuning a spec will take, without doing it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ntkcli.commands.check_approximation import ApproximationCheck, offer_lines
from ntkcli.commands.check_duration import Duration, duration_lines
from ntkcli.commands.check_search import (
    best_fits,
    check_fits,
    cluster_lines,
    fit_lines,
    search_lines,
)
from ntkcli.commands.check_simulation import simulation_lines
from ntkcli.commands.request import Request
from ntkcli.data.data_warnings import data_warnings
from ntkcli.data.table import Schema
from ntkcli.errors import NtkError
from ntkcli.jobs.checks import grams_without_ridge, preflight, warn_of_unkept
from ntkcli.jobs.clusters import shared_out
from ntkcli.jobs.factors import factor_lines
from ntkcli.jobs.job import Job
from ntkcli.jobs.network import setting_text
from ntkcli.jobs.opening import open_job, with_ridge_of_noise
from ntkcli.jobs.preparation import preparations
from ntkcli.journal import Journal
from ntkcli.planning.alternatives import alternatives
from ntkcli.planning.duration import Speed
from ntkcli.planning.plan import Plan
from ntkcli.planning.planner import Planner
from ntkcli.planning.sizes import Sizes
from ntkcli.planning.work import stage_cost
from ntkcli.regression.question import time_text
from ntkcli.regression.stages import Stage
from ntkcli.solvers.storage import Storage
from ntkcli.spec.approximation import NystromSpec
from ntkcli.spec.file import SpecFile
from ntkcli.spec.spec import Spec
from ntkcli.spec.tune import TuneSpec
from ntkcli.spectra.plan import SpectrumPlan
from ntkcli.tuning.search import check_optuna, with_plain_network
from ntkcli.tuning.search_plan import SearchPlan
from ntkcli.units import bytes_text, counted, seconds_text

# What becomes of cells without a value, by the rule for them; columns that are told.
FATES = {
    "error": "refused",
    "drop": "which are left out",
    "mean": "filled with the mean",
    "category": "a category of their own",
}
MOST_GAPS = 10
ASKED = {"none": "mean", "variance": "mean and std", "covariance": "mean and covariance"}


@dataclass(frozen=True)
class CheckReport:
    """The report of a check.

    lines: labels and texts; an empty label continues the one above.
    warnings: about data that looks wrong, a line each.
    failure: the error that the fit, the search or the simulation would end with before it begins, or None.
    """

    lines: list[tuple[str, str]]
    warnings: list[str]
    failure: NtkError | None


def check(request: Request, *, journal: Journal) -> CheckReport:
    """Read a spec and its data, and plan the fit; with a `tune` section, the search and the fit of its best.

    Args:
        request: the spec, and what the command line has beside it.
        journal: receives progress and warnings.

    Raises:
        NtkError: the spec or the data cannot be read.
    """
    source = request.spec_file_of_run()
    if source.spec.tune is not None:
        return _check_search(source, source.spec.tune, journal)
    with open_job(source, journal) as job:
        # The values of auto are not known before the work begins, but what they cost is.
        speed = Speed.measured(job.evaluator, job.train)
        before = [*preparations(source.spec, job, speed)]
        if approximation := source.spec.inference.approximation:
            reading = job.journal.timings["read"]
            return _check_approximation(job, approximation, Duration(speed, reading, before))
        job = job.with_inference(job.spec.inference.with_stand_ins())
        planner = job.planner()
        plan = planner.best()
        lines = [*_data_lines(job), *_factor_lines(job), *_network_lines(job)]
        lines += [(part.name, part.text) for part in before]
        lines += _plan_lines(job, planner, plan, Duration(speed, job.journal.timings["read"], before))
        lines += _cluster_lines(job.spec)
        lines.append(("spectrum", SpectrumPlan.of(job, lambda: speed).text()))
        failures = _failure(job, planner), _simulation_failure(job, speed, lines)
        return CheckReport(lines, _warnings(job, _is_singular(job)), next(filter(None, failures), None))


def _cluster_lines(spec: Spec) -> Iterator[tuple[str, str]]:
    if spec.compute.scheduler is not None:
        yield "cluster", f"{spec.compute.scheduler}: {shared_out(spec)}"


def _check_approximation(job: Job, approximation: NystromSpec, duration: Duration) -> CheckReport:
    """Check the fit of features of some centres."""
    planner = job.nystrom_planner(approximation)
    job = job.with_inference(job.spec.inference.with_stand_ins())
    lines = [*_data_lines(job), *_factor_lines(job), *_network_lines(job)]
    lines += [(part.name, part.text) for part in duration.before]
    try:
        preflight(job)
        planner.checked()
        lines += ApproximationCheck(job, planner, duration).lines(_free(job))
        lines += _cluster_lines(job.spec)
        failure = _simulation_failure(job.at_hand, duration.speed, lines)
    except NtkError as error:
        failure = error
    return CheckReport(lines, _warnings(job, singular=False), failure)


def _is_singular(job: Job) -> bool:
    """Return whether rows that repeat others make a Gram matrix singular that is to be inverted."""
    return bool(grams_without_ridge(job)) and not job.evaluator.network.drops_units


def _check_search(source: SpecFile, tune: TuneSpec, journal: Journal) -> CheckReport:
    """Check a search; the spec's own network, kernel and ridge are not used, since they need not work."""
    check_optuna(source, tune)
    with open_job(with_plain_network(source), journal, learn=False) as job:
        lines, failure, singular = [*_data_lines(job)], None, False
        try:
            # The search has the rows at hand, and the fit all of them.
            searched = job.at_hand
            source = replace(source, spec=with_ridge_of_noise(source.spec, job.dataset))
            plan = SearchPlan.of(source, tune, searched)
            singular = plan.axes.least_ridge == 0
            lines += search_lines(plan, free=_free(job))
            fits = best_fits(source, plan.axes, job)
            lines += fit_lines(fits)
            lines += cluster_lines(job.spec, tune)
            plan.check()
            check_fits(fits)
            lines += duration_lines(source, plan, fits, searched)
        except NtkError as error:
            failure = error
        return CheckReport(lines, _warnings(job, singular), failure)


def _warnings(job: Job, singular: bool) -> list[str]:
    return [*data_warnings(job.dataset, job.spec.data, singular=singular)]


def _failure(job: Job, planner: Planner) -> NtkError | None:
    try:
        preflight(job)
        warn_of_unkept(job, planner.checked().stages)
    except NtkError as error:
        return error
    return None


def _simulation_failure(job: Job, speed: Speed, lines: list[tuple[str, str]]) -> NtkError | None:
    """Add the lines of the spec's simulation, if it has one; return the error that would refuse it."""
    try:
        if job.spec.simulate is not None:
            lines.extend(simulation_lines(job, job.spec.simulate, speed))
    except NtkError as error:
        return error
    return None


def _data_lines(job: Job) -> Iterator[tuple[str, str]]:
    sizes = job.sizes
    test = counted(sizes.m, "test row") if job.dataset.has_test_rows else "no test rows"
    schema = job.dataset.schema
    targets = f"{sizes.k} classes" if schema.targets.classes else counted(sizes.k, "target")
    yield "data", f"{counted(sizes.n, 'training row')}, {test}, {counted(sizes.d, 'feature')}, {targets}"
    yield from _gap_lines(job)
    yield from _encoding_lines(schema)


def _gap_lines(job: Job) -> Iterator[tuple[str, str]]:
    """Yield how many gaps the columns of the training file have, and what becomes of them."""
    gaps, rules = job.dataset.gaps, job.spec.data.gaps
    shown = gaps.counts.most_common(MOST_GAPS)
    for i, (name, count) in enumerate(shown):
        rule = rules.target if name in job.spec.data.target else rules.rule(name)
        yield "" if i else "missing", f"{name}: {count:,} of {counted(gaps.rows, 'row')}, {FATES[rule]}"
    if more := len(gaps.counts) - len(shown):
        yield "", f"... and {counted(more, 'more column')}"


def _factor_lines(job: Job) -> Iterator[tuple[str, str]]:
    if job.spec.data.relevance != "equal":
        for i, text in enumerate(factor_lines(job.dataset.schema.features.factors)):
            yield "" if i else "factors", text


def _network_lines(job: Job) -> Iterator[tuple[str, str]]:
    network = job.spec.network
    activations = (
        ", ".join(dict.fromkeys(setting_text(setting) for setting in network.activations)) or "linear"
    )
    yield "network", f"{activations}, depth {network.depth}"
    yield "asked", f"{ASKED[job.question.uncertainty]}, in {job.spec.compute.dtype}"


def _encoding_lines(schema: Schema) -> Iterator[tuple[str, str]]:
    """Yield how columns are encoded, where they are not plain numbers."""
    encoded = [feature for feature in schema.features.features if str(feature) != f"{feature.name}: number"]
    texts = [str(feature) for feature in encoded]
    if schema.targets.is_classification:
        texts.append(f"{schema.targets.names[0]} (target): {', '.join(schema.targets.classes)}")
    texts += [f"{text}; its median is predicted" for text in schema.targets.transforms.texts]
    texts += [str(schema.weights)] if schema.weights else []
    for i, text in enumerate(texts):
        yield "encoding" if i == 0 else "", text


def _plan_lines(job: Job, planner: Planner, plan: Plan, duration: Duration) -> Iterator[tuple[str, str]]:
    sizes, budget = planner.sizes, planner.budget
    for stage in plan.stages:
        yield "solver", _stage_text(stage)
        if text := stage.solver.expectation(sizes.n, stage_cost(stage, sizes, job.question)):
            yield "", text
        if stage.sampling and stage.is_sampled(job.question, sizes.m):
            yield "", stage.sampling.text
        if held := stage.matrices(job.question):
            yield "matrices", _matrices_text(held, sizes, plan.storage)
    yield "time", duration.text(plan, sizes)
    for name, other in alternatives(planner):
        if other.stages == plan.stages:
            continue
        seconds = seconds_text(duration.seconds(other, sizes))
        memory = bytes_text(other.memory_bytes)
        yield "", f"compute.solver: {name} would take about {seconds} and {memory}{_verdict(planner, other)}"
    yield from offer_lines(planner, duration.seconds(plan, sizes), duration)
    yield "memory", f"about {bytes_text(plan.memory_bytes)} of {bytes_text(budget.memory)} {_free(job)}"
    yield "disk", f"{bytes_text(plan.disk_bytes)} of {bytes_text(budget.disk)} free, tables not counted"
    for matrix in planner.matrices:
        yield "", f"{bytes_text(sizes.bytes_of(matrix))} for kernels/{matrix}.npy"


def _verdict(planner: Planner, plan: Plan) -> str:
    """Return what stands in the way of a plan, if anything does."""
    if not planner.fits(plan):
        return ", which is too much"
    return ", and is likely to give up" if planner.is_refused(plan.stages) else ""


def _free(job: Job) -> str:
    """Return the word for the memory that there is: that of the machine is free, that of the spec allowed."""
    return "free" if job.spec.compute.memory == "auto" else "allowed"


def _stage_text(stage: Stage) -> str:
    # Every kernel has its own times: ntkgp exists at inf alone.
    asked = [
        f"{kernel} at time {', '.join(time_text(time) for other, time in stage.pairs if other == kernel)}"
        for kernel in stage.kernels
    ]
    return f"{stage.solver.name}: {stage.solver.summary}, for {' and '.join(asked)}"


def _matrices_text(held: Sequence[str], sizes: Sizes, storage: Storage) -> str:
    size = replace(sizes, itemsize=storage.itemsize).matrix
    each = "each " if len(held) > 1 else ""
    took = "" if storage.place == "tiles" else f"{bytes_text(size)} {each}"
    return f"{' and '.join(held)}, {took}{storage.text}"
