"""`ntk check`: the memory, disk and time that fitting or tuning a spec will take, without doing it."""

from dataclasses import dataclass, replace
from typing import Any

from ntkcli.commands.check_approximation import ApproximationCheck
from ntkcli.commands.check_data import asked_findings, data_findings
from ntkcli.commands.check_duration import Duration, duration_findings
from ntkcli.commands.check_needs import cluster_findings
from ntkcli.commands.check_plan import PlanCheck
from ntkcli.commands.check_search import (
    best_fits,
    check_fits,
    fit_findings,
    search_cluster_findings,
    search_findings,
)
from ntkcli.commands.check_simulation import simulation_findings
from ntkcli.commands.finding import Finding, joined_content
from ntkcli.commands.request import Request
from ntkcli.data.data_warnings import data_warnings
from ntkcli.errors import NtkError
from ntkcli.jobs.checks import grams_without_ridge, preflight, warn_of_unkept
from ntkcli.jobs.job import Job
from ntkcli.jobs.opening import open_job, with_ridge_of_noise
from ntkcli.jobs.preparation import preparations
from ntkcli.journal import Journal
from ntkcli.layout import labelled
from ntkcli.planning.duration import Speed
from ntkcli.planning.planner import Planner
from ntkcli.spec.approximation import NystromSpec
from ntkcli.spec.file import SpecFile
from ntkcli.spec.tune import TuneSpec
from ntkcli.spectra.plan import SpectrumPlan
from ntkcli.tuning.search import check_optuna, with_plain_network
from ntkcli.tuning.search_plan import SearchPlan


@dataclass(frozen=True)
class CheckReport:
    """The report of a check.

    findings: in the order of the lines.
    warnings: about data that looks wrong, a line each.
    failure: the error that the fit, the search or the simulation would end with before it begins, or None.
    """

    findings: list[Finding]
    warnings: list[str]
    failure: NtkError | None

    @property
    def text(self) -> str:
        """A line for every finding and warning; the failure is told as that of any command."""
        lines = [(finding.label, finding.text) for finding in self.findings]
        lines += [("doubtful" if i == 0 else "", text) for i, text in enumerate(self.warnings)]
        return labelled(lines)

    @property
    def content(self) -> dict[str, Any]:
        """What has been found, by key, with the warnings and the failure."""
        failure = self.failure and {"message": str(self.failure), "exit_code": self.failure.exit_code}
        return {**joined_content(self.findings), "warnings": self.warnings, "failure": failure}


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
        planner, duration = job.planner(), Duration(speed, job.journal.timings["read"], before)
        found = [*data_findings(job), *asked_findings(job), *duration.findings_before]
        found += PlanCheck(job, planner, duration).findings(_free(job))
        found += cluster_findings(job.spec)
        found.append(_spectrum_finding(SpectrumPlan.of(job, lambda: speed)))
        failures = _failure(job, planner), _simulation_failure(job, speed, found)
        return CheckReport(found, _warnings(job, _is_singular(job)), next(filter(None, failures), None))


def _spectrum_finding(plan: SpectrumPlan) -> Finding:
    """Return what `ntk spectrum` will take for all rows."""
    rows = plan.sizes.n
    content = {
        "fits": plan.fits(rows),
        "seconds": plan.seconds(rows),
        "memory_bytes": plan.memory_bytes(rows),
    }
    return Finding("spectrum", plan.text(), {"spectrum": content})


def _check_approximation(job: Job, approximation: NystromSpec, duration: Duration) -> CheckReport:
    """Check the fit of features of some centres."""
    planner = job.nystrom_planner(approximation)
    job = job.with_inference(job.spec.inference.with_stand_ins())
    found = [*data_findings(job), *asked_findings(job), *duration.findings_before]
    try:
        preflight(job)
        planner.checked()
        found += ApproximationCheck(job, planner, duration).findings(_free(job))
        found += cluster_findings(job.spec)
        failure = _simulation_failure(job.at_hand, duration.speed, found)
    except NtkError as error:
        failure = error
    return CheckReport(found, _warnings(job, singular=False), failure)


def _is_singular(job: Job) -> bool:
    """Return whether rows that repeat others make a Gram matrix singular that is to be inverted."""
    return bool(grams_without_ridge(job)) and not job.evaluator.network.drops_units


def _check_search(source: SpecFile, tune: TuneSpec, journal: Journal) -> CheckReport:
    """Check a search; the spec's own network, kernel and ridge are not used, since they need not work."""
    check_optuna(source, tune)
    with open_job(with_plain_network(source), journal, learn=False) as job:
        found, failure, singular = [*data_findings(job)], None, False
        try:
            # The search has the rows at hand, and the fit all of them.
            searched = job.at_hand
            source = replace(source, spec=with_ridge_of_noise(source.spec, job.dataset))
            plan = SearchPlan.of(source, tune, searched)
            singular = plan.axes.least_ridge == 0
            found += search_findings(plan, free=_free(job))
            fits = best_fits(source, plan.axes, job)
            found += fit_findings(fits)
            found += search_cluster_findings(job.spec, tune)
            plan.check()
            check_fits(fits)
            found += duration_findings(source, plan, fits, searched)
        except NtkError as error:
            failure = error
        return CheckReport(found, _warnings(job, singular), failure)


def _warnings(job: Job, singular: bool) -> list[str]:
    return [*data_warnings(job.dataset, job.spec.data, singular=singular)]


def _failure(job: Job, planner: Planner) -> NtkError | None:
    try:
        preflight(job)
        warn_of_unkept(job, planner.checked().stages)
    except NtkError as error:
        return error
    return None


def _simulation_failure(job: Job, speed: Speed, found: list[Finding]) -> NtkError | None:
    """Add the findings of the spec's simulation, if it has one; return the error that would refuse it."""
    try:
        if job.spec.simulate is not None:
            found.extend(simulation_findings(job, job.spec.simulate, speed))
    except NtkError as error:
        return error
    return None


def _free(job: Job) -> str:
    """Return the word for the memory that there is: that of the machine is free, that of the spec allowed."""
    return "free" if job.spec.compute.memory == "auto" else "allowed"
