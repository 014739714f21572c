"""The Optuna study of a random or TPE search, kept in a file so that the search can resume."""

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ntkcli.address_space import is_out_of_memory
from ntkcli.errors import RunDirectoryError
from ntkcli.spec.space import Axis, Range, is_integer_key
from ntkcli.spec.tune import TuneSpec
from ntkcli.tuning.chains import Configuration
from ntkcli.tuning.objectives import LARGER_IS_BETTER
from ntkcli.tuning.trials import Trial, loss, trial_content, trial_of

if TYPE_CHECKING:
    import optuna

NAME = "ntk-tune"
FINGERPRINT, TRIAL = "fingerprint", "ntk"


class Study:
    """The trials of a random or TPE search, kept in an SQLite file.

    Args:
        path: the file.
        tune: the tune section, with the space and the seed.
        fingerprint: of the spec and the data; a study with another one is refused.

    Raises:
        RunDirectoryError: the file holds the study of another spec or other data, or no study.
    """

    def __init__(self, path: Path, tune: TuneSpec, fingerprint: str) -> None:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._tune = tune
        larger = tune.objective in LARGER_IS_BETTER
        try:
            self._study = optuna.create_study(
                storage=optuna.storages.RDBStorage(f"sqlite:///{path}"),
                study_name=NAME,
                direction="maximize" if larger else "minimize",
                load_if_exists=True,
            )
        except Exception as error:  # of whichever layer between here and SQLite
            if is_out_of_memory(error):
                raise
            reason = str(error).split("\n", 1)[0]
            raise RunDirectoryError(f"{path}: cannot be opened: {reason}: give --overwrite") from error
        known = self._study.user_attrs.setdefault(FINGERPRINT, fingerprint)
        if known != fingerprint:
            raise RunDirectoryError(
                f"{path}: was begun with another spec or other data: give --overwrite to begin anew, or "
                "another --out"
            )
        self._study.set_user_attr(FINGERPRINT, fingerprint)
        self._redo_interrupted()

    def trials(self) -> list[Trial]:
        """Return the finished trials, numbered in their order."""
        found = [trial.user_attrs[TRIAL] for trial in self._study.trials if TRIAL in trial.user_attrs]
        return [trial_of(i, content) for i, content in enumerate(found)]

    def ask(self, number: int) -> tuple["optuna.Trial", Configuration]:
        """Draw a network.

        Args:
            number: of trials finished before, by which the sampler is seeded.

        Returns:
            Optuna's trial, to pass to `tell`, and the configuration drawn.
        """
        self._study.sampler = self._sampler(number)
        trial = self._study.ask()
        values = {key: _drawn(trial, key, axis) for key, axis in self._tune.trial_axes.items()}
        return trial, Configuration(number, values)

    def tell(self, drawn: "optuna.Trial", trial: Trial) -> None:
        """Keep a finished trial; the sampler learns the best score among its candidates.

        Args:
            drawn: Optuna's trial, as `ask` returned it.
            trial: the scores.
        """
        import optuna

        drawn.set_user_attr(TRIAL, trial_content(trial))
        losses = [loss(self._tune.objective, score) for score in trial.scored.values()]
        best = min(losses, default=math.inf)
        if math.isfinite(best):
            sign = -1.0 if self._tune.objective in LARGER_IS_BETTER else 1.0
            self._study.tell(drawn, sign * best)
        else:
            self._study.tell(drawn, state=optuna.trial.TrialState.FAIL)

    def _sampler(self, number: int) -> "optuna.samplers.BaseSampler":
        import optuna

        # With one seed for all, a resumed search would draw its first networks again.
        seed = (self._tune.seed + 1_000_003 * number) % 2**32
        if self._tune.search == "random":
            return optuna.samplers.RandomSampler(seed=seed)
        return optuna.samplers.TPESampler(seed=seed)

    def _redo_interrupted(self) -> None:
        import optuna

        for trial in self._study.get_trials(states=[optuna.trial.TrialState.RUNNING]):
            self._study.tell(trial.number, state=optuna.trial.TrialState.FAIL)
            if TRIAL not in trial.user_attrs and trial.params:
                self._study.enqueue_trial(trial.params)


def _drawn(trial: "optuna.Trial", key: str, axis: Axis) -> Any:
    if not isinstance(axis, Range):
        # Optuna knows no lists and mappings: they go by their text.
        texts = [json.dumps(value) for value in axis]
        return axis[texts.index(trial.suggest_categorical(key, texts))]
    if is_integer_key(key):
        return trial.suggest_int(key, int(axis.low), int(axis.high), log=axis.log)
    return trial.suggest_float(key, axis.low, axis.high, log=axis.log)
