"""`ntk tune`: the network, kernel, ridge and time that predict best, and a fit with them."""

from dataclasses import dataclass
from pathlib import Path

from ntkcli.commands.fit import FitReport, fit
from ntkcli.errors import NumericalError, SpecError
from ntkcli.journal import Journal
from ntkcli.spec.file import read_spec, write_spec
from ntkcli.spec.spec import Spec
from ntkcli.spec.tune import TuneSpec
from ntkcli.tuning.directory import BEST, FIT, TRIALS, TuneDirectory
from ntkcli.tuning.search import check_optuna, search
from ntkcli.tuning.trials import Outcome, Trial, best_spec, candidate_cells, ranked, trial_table, value_text

SHOWN = 5


@dataclass(frozen=True)
class TuneReport:
    """What a search has to show.

    place: its directory.
    best: a table of the best, as lines of cells.
    fit: of the very best.
    """

    place: Path
    best: list[list[str]]
    fit: FitReport


def tune(spec_path: Path, *, out: Path | None, overwrite: bool, journal: Journal) -> TuneReport:
    """Search the space of a spec, write its directory, and fit the best to all training rows.

    Args:
        spec_path: the YAML spec.
        out: the directory, instead of the spec's output.dir with `-tune` behind it.
        overwrite: whether the results of a finished search that are there are replaced.
        journal: is told of progress and warnings.

    Raises:
        NtkError: one of its family, with the exit code.
    """
    source = read_spec(spec_path)
    asked = source.spec.tune
    if asked is None:
        raise SpecError(f"{spec_path}: tune: is missing: say there what to search")
    check_optuna(source, asked)
    place = out or source.spec.place.with_name(f"{source.spec.place.name}-tune")
    with TuneDirectory(place, overwrite=overwrite) as directory:
        trials = search(source, asked, directory, journal)
        directory.write(TRIALS, trial_table(trials, asked))
        best = ranked(trials, asked.objective)
        if not best:
            raise NumericalError(_why_none(trials))
        _write_best(best_spec(source.spec, best[0]), directory)
        # The directory is the search's own, so that an earlier fit in it is one too.
        report = fit(directory.path / BEST, out=None, overwrite=True, journal=journal)
    return TuneReport(place, _table(best, asked), report)


def _why_none(trials: list[Trial]) -> str:
    failures = [trial.failure for trial in trials if trial.failure is not None]
    if len(failures) == len(trials):
        return failures[0]
    return (
        "tune: nothing has a score: the Gram matrices are singular to rounding, or no variance is above 0: "
        "search larger values of inference.ridge"
    )


def _write_best(spec: Spec, directory: TuneDirectory) -> None:
    spec = spec.model_copy(update={"output": spec.output.model_copy(update={"dir": directory.path / FIT})})
    partial = directory.path / f".{BEST}.partial"
    write_spec(spec, partial, home=directory.path)
    partial.rename(directory.path / BEST)


def _table(best: list[Outcome], tune: TuneSpec) -> list[list[str]]:
    """The first few, with the keys that were searched."""
    lines = [[*tune.network_axes, "kernel", "ridge", "ridge_scale", "time", tune.objective]]
    for outcome in best[:SHOWN]:
        network = [value_text(outcome.trial.values[key]) for key in tune.network_axes]
        score = "-" if outcome.score.value is None else f"{outcome.score.value:.6g}"
        error = "" if outcome.score.error is None else f" +- {outcome.score.error:.2g}"
        lines.append([*network, *candidate_cells(outcome.candidate), score + error])
    return lines
