"""The traversal of a search space: all networks of a grid, or those that a study draws."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from ntkcli.journal import Journal
from ntkcli.spec.tune import TuneSpec
from ntkcli.tuning.chains import Configuration
from ntkcli.tuning.evaluation import Evaluation, by_data
from ntkcli.tuning.grid import grid
from ntkcli.tuning.kept_trials import KeptTrials
from ntkcli.tuning.study import Study
from ntkcli.tuning.trials import Trial, ranked


def all_of_grid(evaluation: Evaluation, kept: KeptTrials, tune: TuneSpec, journal: Journal) -> list[Trial]:
    """Return a trial of every network of the grid, in the order of their numbers.

    Args:
        evaluation: makes those that are not kept, in another order.
        kept: those that are done.
        tune: the tune section, with the space.
        journal: receives progress.
    """
    configurations = grid(tune)
    if kept.trials:
        journal.tell(f"resuming after {len(kept.trials)} trials")
    done = frozenset(trial.number for trial in kept.trials)
    with _progress(tune, journal, kept.trials, len(configurations) - len(done)) as report:
        for trial in evaluation.trials(by_data(configurations), done):
            kept.add(trial)
            report(trial)
    return sorted(kept.trials, key=lambda trial: trial.number)


def drawn(evaluation: Evaluation, study: Study, tune: TuneSpec, journal: Journal) -> list[Trial]:
    """Return the trials of networks drawn, in the order in which the study is told of them.

    Args:
        evaluation: makes those that the study has not.
        study: draws networks, and keeps their trials.
        tune: the tune section, with the number of trials.
        journal: receives progress.
    """
    trials = study.trials()
    if trials:
        journal.tell(f"resuming after {len(trials)} trials")
    numbers = range(len(trials), tune.trials)
    with _progress(tune, journal, trials, len(numbers)) as report:
        # A network drawn at random does not depend on those before it.
        for some in [numbers] if tune.search == "random" else ([number] for number in numbers):
            asked = [study.ask(number) for number in some]
            made = evaluation.trials([[one] for one in _new([one for _, one in asked], trials)])
            for ticket, own in asked:
                known = next((trial for trial in trials if trial.values == own.values), None)
                trial = replace(known, number=own.number) if known else next(made)
                report(trial)
                study.tell(ticket, trial)
                trials.append(trial)
    return trials


def _new(configurations: Sequence[Configuration], trials: Sequence[Trial]) -> list[Configuration]:
    """Return the configurations that have other values than all before them, and than the trials."""
    seen, found = [trial.values for trial in trials], []
    for configuration in configurations:
        if configuration.values not in seen:
            seen.append(configuration.values)
            found.append(configuration)
    return found


@contextmanager
def _progress(
    tune: TuneSpec, journal: Journal, before: list[Trial], length: int
) -> Iterator[Callable[[Trial], None]]:
    """Show how many trials are done, and the best score so far."""
    seen = list(before)
    with journal.phase("tune", length) as advance:

        def report(trial: Trial) -> None:
            seen.append(trial)
            best = ranked(seen, tune.objective)
            if best:
                journal.note(f"tune, {tune.objective} {best[0].score.value:.4g}")
            advance(1)

        yield report
