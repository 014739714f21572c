"""The Optuna study of a random or TPE search, kept in a file so that the search can resume."""

import errno
import json
import math
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ntkcli.address_space import is_out_of_memory
from ntkcli.errors import NtkError, RunDirectoryError
from ntkcli.files import changes
from ntkcli.files.disk import lack_of_space, reserve
from ntkcli.files.written_file import unnamed
from ntkcli.runs.unwritable import unwritable
from ntkcli.spec.space import Axis, Range, is_integer_key
from ntkcli.spec.tune import TuneSpec
from ntkcli.tuning.chains import Configuration
from ntkcli.tuning.objectives import LARGER_IS_BETTER
from ntkcli.tuning.trials import Trial, loss, trial_content, trial_of

if TYPE_CHECKING:
    import optuna

NAME = "ntk-tune"
FINGERPRINT, TRIAL = "fingerprint", "ntk"
# What SQLite may need at once for a change: pages of its file and of its journal, in bytes.
ROOM = 2**18


class Study:
    """The trials of a random or TPE search, kept in an SQLite file.

    Args:
        path: the file.
        tune: the tune section, with the space and the seed.
        fingerprint: of the spec and the data; a study with another one is refused.

    Raises:
        RunDirectoryError: the file holds the study of another spec or other data, or no study.
        ResourceError: the disk is full; so do the methods.
    """

    def __init__(self, path: Path, tune: TuneSpec, fingerprint: str) -> None:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._path, self._tune = path, tune
        larger = tune.objective in LARGER_IS_BETTER
        is_new = not path.exists()
        try:
            with _using(path):
                self._study = optuna.create_study(
                    storage=optuna.storages.RDBStorage(f"sqlite:///{path}"),
                    study_name=NAME,
                    direction="maximize" if larger else "minimize",
                    load_if_exists=True,
                )
                self._claim(fingerprint)
                self._redo_interrupted()
        except BaseException:
            if is_new:
                # Half a study would be in the way of the next call.
                with suppress(OSError):
                    for leftover in (path, journal_of(path)):
                        changes.remove(leftover)
            raise

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
        with _using(self._path):
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

        losses = [loss(self._tune.objective, score) for score in trial.scored.values()]
        best = min(losses, default=math.inf)
        sign = -1.0 if self._tune.objective in LARGER_IS_BETTER else 1.0
        with _using(self._path):
            drawn.set_user_attr(TRIAL, trial_content(trial))
            if math.isfinite(best):
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

    def _claim(self, fingerprint: str) -> None:
        known = self._study.user_attrs.setdefault(FINGERPRINT, fingerprint)
        if known != fingerprint:
            raise RunDirectoryError(
                f"{self._path}: was begun with another spec or other data: give --overwrite to begin anew, "
                "or another --out"
            )
        self._study.set_user_attr(FINGERPRINT, fingerprint)

    def _redo_interrupted(self) -> None:
        import optuna

        for trial in self._study.get_trials(states=[optuna.trial.TrialState.RUNNING]):
            self._study.tell(trial.number, state=optuna.trial.TrialState.FAIL)
            if TRIAL not in trial.user_attrs and trial.params:
                self._study.enqueue_trial(trial.params)


@contextmanager
def _using(path: Path) -> Iterator[None]:
    """Run a block that uses the study in a file, and tell what goes wrong with it.

    Raises:
        ResourceError: the disk is full.
        RunDirectoryError: the file cannot be used.
    """
    try:
        yield
    except NtkError:
        raise
    except Exception as error:  # of whichever layer between here and SQLite
        if is_out_of_memory(error):
            raise
        raise _failure(path, error) from error


def _failure(path: Path, error: Exception) -> NtkError:
    """Return what an error of SQLite's, or one that it led to, means for the user."""
    reason, codes = str(error).split("\n", 1)[0], [*_codes(error)]
    if sqlite3.SQLITE_FULL in codes:
        return unwritable(path, OSError(errno.ENOSPC, reason))
    if any(code & 0xFF == sqlite3.SQLITE_IOERR for code in codes):
        return unwritable(path, _lack_of_room(path) or OSError(errno.EIO, reason))
    return RunDirectoryError(f"{path}: cannot be used: {reason}: give --overwrite")


def _lack_of_room(path: Path) -> OSError | None:
    """Return what the system says where the file of a study can grow no more, if so.

    SQLite takes a quota that is used up, and a limit on the size of files, for faults of the disk.
    """
    try:
        with unnamed(path.parent) as file:
            reserve(file.fileno(), (path.stat().st_size if path.exists() else 0) + ROOM, path)
    except OSError as error:
        return error if lack_of_space(error) else None
    return None


def _codes(error: BaseException | None) -> Iterator[int]:
    """The codes of SQLite in an error and in those that led to it."""
    while error is not None:
        if isinstance(error, sqlite3.Error):
            # Python's own faults have none.
            yield getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK)
        error = error.__cause__ or error.__context__


def journal_of(path: Path) -> Path:
    """Return where SQLite keeps what it needs to take back an unfinished change of a file."""
    return path.with_name(f"{path.name}-journal")


def _drawn(trial: "optuna.Trial", key: str, axis: Axis) -> Any:
    if not isinstance(axis, Range):
        # Optuna knows no lists and mappings: they go by their text.
        texts = [json.dumps(value) for value in axis]
        return axis[texts.index(trial.suggest_categorical(key, texts))]
    if is_integer_key(key):
        return trial.suggest_int(key, int(axis.low), int(axis.high), log=axis.log)
    return trial.suggest_float(key, axis.low, axis.high, log=axis.log)
