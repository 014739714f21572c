"""`ntk tune`: the search for the network, kernel, ridge and time that predict best, and a fit with them."""

from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ntkcli.commands.fit import FinishedReport, FitReport, fit
from ntkcli.commands.request import Request
from ntkcli.data.content import Content
from ntkcli.data.remedies import OF_SPEC
from ntkcli.errors import NumericalError, RunDirectoryError, SpecError
from ntkcli.journal import Journal
from ntkcli.layout import aligned_left
from ntkcli.results.shown import score_table
from ntkcli.runs.inputs import check_inputs
from ntkcli.runs.leftovers import tidy
from ntkcli.spec.file import SpecFile, read_spec, spec_text
from ntkcli.spec.space import section_with
from ntkcli.spec.spec import Spec
from ntkcli.spec.tune import TuneSpec
from ntkcli.tuning.candidates import FreeAxes, edge_warnings
from ntkcli.tuning.directory import BEST, FIT, FIT_MARK, TRIALS, TuneDirectory
from ntkcli.tuning.inputs import data_values
from ntkcli.tuning.ranking import Ranking
from ntkcli.tuning.search import check_optuna, search, search_fingerprint
from ntkcli.tuning.trials import Outcome, Trial, best_spec, fitted_spec, trial_table

SHOWN = 5


@dataclass(frozen=True)
class TuneReport:
    """The report of a search.

    place: its directory.
    ranking: of the candidates.
    fit: the report of the fit with the best one, which an earlier call may have finished.
    """

    place: Path
    ranking: Ranking
    fit: FitReport | FinishedReport

    @property
    def text(self) -> str:
        """The best candidates, the scores of the fit, and where the results are."""
        if isinstance(self.fit, FinishedReport):
            return f"{self.place} is finished"
        best = aligned_left(self.ranking.lines(SHOWN))
        return f"{best}\n\n{score_table(self.fit.metrics)}\nwrote {self.place}"

    @property
    def content(self) -> dict[str, Any]:
        """The best candidates, and what the fit has to report."""
        return {
            "directory": str(self.place),
            "objective": self.ranking.objective,
            "networks": self.ranking.networks,
            "best": self.ranking.content(SHOWN),
            "fit": self.fit.content,
        }


def tune(request: Request, *, overwrite: bool, journal: Journal) -> TuneReport:
    """Search the space of a spec, write its directory, and fit the best to all training rows.

    Args:
        request: the spec, and what the command line has beside it.
        overwrite: whether the results of a finished search that are there are replaced.
        journal: receives progress and warnings.

    Raises:
        NtkError: one of its subclasses, each with its own exit code.
    """
    source = request.spec_file()
    tune_spec = source.spec.tune
    if tune_spec is None:
        raise SpecError(f"{request.path}: tune: is missing: say there what to search")
    check_optuna(source, tune_spec)
    # What is found goes by the spec as it is, and not by where it was found.
    shared = source.with_scheduler(request.scheduler)
    place = request.place or source.spec.place_beside("tune")
    check_inputs(place, [BEST, TRIALS], [request.path, *source.spec.data.files])
    depending = request.depending(source, place / FIT / FIT_MARK)
    patience = request.patience_for_place(journal)
    taken = TuneDirectory(place, overwrite=overwrite, resume=request.resume, patience=patience)
    with depending, taken as directory:
        mark = search_fingerprint(source, Content(source.spec.data.train, OF_SPEC).digest)
        _check_mark(directory, mark)
        if found := _finished(directory, tune_spec):
            tidy(place / FIT)
            return TuneReport(place, found, FinishedReport(place / FIT))
        best = _known(source, tune_spec, directory, journal)
        if best is None:
            outcome = _searched(shared, tune_spec, directory, request.patience, journal)
            best = best_spec(source.spec, outcome)
        directory.write_best(mark, _text(best, directory))
        directory.drop_grid()
        # The directory belongs to the search, and so does an earlier fit in it.
        best_request = replace(request, path=directory.path / BEST, settings=(), place=None, depfile=None)
        report = fit(best_request, overwrite=True, journal=journal)
        table = (directory.path / TRIALS).read_text(encoding="utf-8")
    return TuneReport(place, Ranking.of(table), report)


def _check_mark(directory: TuneDirectory, mark: str) -> None:
    """Refuse to go on with what an earlier call found with another spec or other data.

    Raises:
        RunDirectoryError: that is there.
    """
    if directory.is_searched and directory.fingerprint != mark:
        raise RunDirectoryError(
            f"{directory.path / BEST}: was found with another spec or other data: give --overwrite to begin "
            "anew, or another --out"
        )


def _finished(directory: TuneDirectory, tune: TuneSpec) -> Ranking | None:
    """Return the ranking of a search that an earlier call has finished, or None if it has more to do."""
    if not directory.is_finished:
        return None
    # Without a table that can be read, there is something to do.
    with suppress(ValueError, OSError):
        ranking = Ranking.of((directory.path / TRIALS).read_text(encoding="utf-8"))
        if tune.search == "grid" or ranking.networks >= tune.trials:
            return ranking
    return None


def _known(source: SpecFile, tune: TuneSpec, directory: TuneDirectory, journal: Journal) -> Spec | None:
    """Return the best that an earlier call found before its fit was interrupted, or None to search on."""
    is_searched = directory.is_searched and (directory.path / TRIALS).exists()
    if directory.is_finished or not is_searched or tune.search != "grid":
        # A study has all trials, and can be asked for more.
        return None
    journal.tell("the search is finished: fitting the best")
    found = read_spec(directory.path / BEST).spec
    # The sections output and compute come from the spec, as does an approximation: changing them may be what
    # lets the fit succeed.
    data = section_with(source.spec.data, data_values(found.data))
    inference = found.inference.model_copy(update={"approximation": source.spec.inference.approximation})
    return fitted_spec(source.spec, data, found.network, inference)


def _searched(
    source: SpecFile, tune: TuneSpec, directory: TuneDirectory, patience: float, journal: Journal
) -> Outcome:
    """Search, write the trials, and return the best."""
    found = search(source, tune, directory, journal, patience=patience)
    directory.write_trials(trial_table(found.trials, tune))
    if found.best is None:
        raise NumericalError(_why_none(found.trials))
    if "inference.ridge" in tune.space:
        ridges = FreeAxes.of(tune, source.spec.inference).ridges_of(found.best.candidate.kernel)
        for warning in edge_warnings(ridges, found.best.candidate):
            journal.warn(warning)
    return found.best


def _text(best: Spec, directory: TuneDirectory) -> str:
    """Return the YAML of best.yaml, whose run directory is beside it."""
    output = best.output.model_copy(update={"dir": directory.path / FIT})
    return spec_text(best.model_copy(update={"output": output}), home=directory.path)


def _why_none(trials: list[Trial]) -> str:
    failures = [trial.failure for trial in trials if trial.failure is not None]
    if len(failures) == len(trials):
        return failures[0]
    return (
        "tune: nothing has a score: the Gram matrices are singular to rounding, or no variance is above 0: "
        "search larger values of inference.ridge"
    )
