"""The finished trials of a grid, a line each in a file that an interrupted search goes on with."""

import json
from pathlib import Path
from typing import Self

from ntkcli.errors import RunDirectoryError
from ntkcli.files.input_file import read_regular
from ntkcli.files.written_file import opened
from ntkcli.tuning.directory import GRID, TuneDirectory
from ntkcli.tuning.trials import Trial, trial_content, trial_of

MOST_BYTES = 2**30
FINGERPRINT, NUMBER = "fingerprint", "number"


class KeptTrials:
    """The trials of a grid that are done.

    trials: in the order in which they were made.

    Args:
        path: of the file, whose first line has the fingerprint of the search.
        trials: that it has.
    """

    def __init__(self, path: Path, trials: list[Trial]) -> None:
        self._path, self.trials = path, trials

    @classmethod
    def of(cls, directory: TuneDirectory, fingerprint: str) -> Self:
        """Go on with the trials of a directory, or begin its file.

        Raises:
            RunDirectoryError: they are of another spec or other data.
        """
        path = directory.path / GRID
        first = _line({FINGERPRINT: fingerprint})
        text = read_regular(path, MOST_BYTES).decode(errors="replace") if path.exists() else first
        known, *lines = text.splitlines(keepends=True) or [""]
        if known != first:
            raise RunDirectoryError(
                f"{path}: was begun with another spec or other data: give --overwrite to begin anew, or "
                "another --out"
            )
        # Of a call that was killed, the last line may be half.
        whole = [line for line in lines if line.endswith("\n")]
        directory.write(GRID, "".join([first, *whole]))
        try:
            return cls(path, [_trial(line) for line in whole])
        except (ValueError, LookupError, TypeError) as error:
            raise RunDirectoryError(f"{path}: is damaged: give --overwrite to begin anew") from error

    def add(self, trial: Trial) -> None:
        """Keep another trial, which is on the disk then."""
        with opened(self._path, "ab") as file:
            file.write(_line({NUMBER: trial.number, **trial_content(trial)}).encode())
        self.trials.append(trial)


def _line(content: object) -> str:
    return json.dumps(content) + "\n"


def _trial(line: str) -> Trial:
    content = json.loads(line)
    return trial_of(int(content[NUMBER]), content)
