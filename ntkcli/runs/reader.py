"""A run, read back from its directory with care: whatever is wrong with a file is told with its name."""

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Self, TypeVar

import yaml
from pydantic import ValidationError

from ntkcli.errors import DataError
from ntkcli.runs.json_files import read_json, read_text
from ntkcli.runs.kind import LAST, Kind, checked_kind
from ntkcli.runs.leftovers import put_back
from ntkcli.runs.reading import reading
from ntkcli.runs.records import MetricsRecord, Record, RunRecord, SpecRecord

R = TypeVar("R", bound=Record)


@dataclass(frozen=True)
class Run:
    """A run on disk, whose files are read as they are asked for.

    place: its directory, as it was given.
    kind: the command that wrote it.
    """

    place: Path
    kind: Kind

    @classmethod
    def at(cls, place: Path) -> Self:
        """Find the run in a directory.

        Raises:
            DataError: it is no run's, or not whole.
        """
        put_back(place)
        return cls(place, checked_kind(place))

    @property
    def fit(self) -> "Run":
        """The run that has the fit: that of a search is in it."""
        return Run.at(self.place / "fit") if self.kind == "tune" else self

    @property
    def written(self) -> datetime:
        """When its last file was written, in UTC."""
        path = self.place / LAST[self.kind]
        with reading(path):
            return datetime.fromtimestamp(path.stat().st_mtime, UTC)

    @property
    def sizes(self) -> dict[str, int]:
        """The bytes of all that is in the directory, by name; folders end with a slash."""
        with reading(self.place):
            return {
                f"{entry.name}{'/' if entry.is_dir() else ''}": _size(entry)
                for entry in sorted(self.place.iterdir())
                if not entry.name.startswith(".")
            }

    @cached_property
    def record(self) -> RunRecord:
        """run.json.

        Raises:
            DataError: it cannot be read, or is damaged; so do all below.
        """
        return self._read("run.json", RunRecord)

    @cached_property
    def metrics(self) -> MetricsRecord:
        """metrics.json, of a fit."""
        return self._read("metrics.json", MetricsRecord)

    @cached_property
    def spec(self) -> SpecRecord:
        """spec.yaml."""
        path = self.place / "spec.yaml"
        try:
            content = yaml.safe_load(read_text(path))
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            raise DataError(f"{path}: is damaged: it is no YAML: {self._again}") from error
        return self._checked(path, SpecRecord, content)

    @cached_property
    def summary(self) -> dict[str, Any]:
        """summary.json, of a spectrum or a simulation."""
        return read_json(self.place / "summary.json")

    def path(self, name: str) -> Path:
        """Return the path of a file of the run."""
        return self.place / name

    def damaged(self, name: str, error: Exception) -> DataError:
        """Return the error to raise for a file that is not as the command writes it."""
        return DataError(f"{self.place / name}: is damaged ({error}): {self._again}")

    @property
    def _again(self) -> str:
        return f"run ntk {self.kind} again"

    def _read(self, name: str, record: type[R]) -> R:
        path = self.place / name
        return self._checked(path, record, read_json(path))

    def _checked(self, path: Path, record: type[R], content: Any) -> R:
        try:
            return record.model_validate(content)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(map(str, first["loc"])) or "all of it"
            raise DataError(f"{path}: is damaged: {where}: {first['msg']}: {self._again}") from error


def _size(path: Path) -> int:
    """The bytes of a file, or of all files in a folder; links are not followed."""
    files = [Path(where) / name for where, _, names in os.walk(path) for name in names]
    return sum(file.lstat().st_size for file in files or [path])
