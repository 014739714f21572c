"""The inputs of a search's networks: the data of every combination of data values, prepared once."""

import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any

from pydantic import ValidationError

from ntkcli.data.dataset import Dataset
from ntkcli.data.raw_data import RawData
from ntkcli.errors import NumericalError
from ntkcli.jobs.log_choice import with_chosen_log
from ntkcli.jobs.prepared_data import prepared_data
from ntkcli.journal import Journal
from ntkcli.kernels.executor import Executor
from ntkcli.spec.data import DataSpec
from ntkcli.spec.file import SpecFile
from ntkcli.spec.space import DATA_KEYS, section_with
from ntkcli.spec.tune import TuneSpec


@dataclass
class Inputs:
    """The data of a search, prepared once for every combination of data values, and then kept.

    source: the spec.
    raw: the rows of its files, which all combinations share.
    executor: computes the kernels by which `log: auto` and `relevance: learned` choose.
    journal: receives progress, and what was chosen.
    """

    source: SpecFile
    raw: RawData
    executor: Executor
    journal: Journal
    _prepared: dict[str, tuple[SpecFile, Dataset]] = field(default_factory=dict, init=False)
    _logs: dict[str, list[str]] = field(default_factory=dict, init=False)

    def prepare(self, tune: TuneSpec) -> None:
        """Prepare every combination of data values that a search can come across.

        Raises:
            DataError: a column is not what a value says.
        """
        for values in product(*tune.data_axes.values()):
            # A combination that cannot be is reported with the trials that have it.
            with suppress(NumericalError):
                self.of(dict(zip(tune.data_axes, values, strict=True)))

    def of(self, values: Mapping[str, Any]) -> tuple[SpecFile, Dataset]:
        """Return the spec with some values in its data section, and the data that it makes.

        Args:
            values: by key path; those of other sections do not count.

        Raises:
            NumericalError: the values do not go together.
            DataError: a column is not what they say.
        """
        try:
            spec = section_with(self.source.spec.data, values)
        except ValidationError as error:
            (details, *_) = error.errors(include_url=False)
            raise NumericalError(f"there is no such data: {details['msg']}") from error
        spec = self._with_log(spec)
        key = spec.model_dump_json()
        if key not in self._prepared:
            data, dataset = prepared_data(self.raw, spec, self.executor, self.journal)
            content = self.source.spec.model_copy(update={"data": data})
            self._prepared[key] = replace(self.source, spec=content), dataset
        return self._prepared[key]

    def _with_log(self, spec: DataSpec) -> DataSpec:
        """Return a section with the columns that `log: auto` stands for, whatever the relevance is."""
        if spec.log != "auto":
            return spec
        key = spec.model_copy(update={"relevance": "equal"}).model_dump_json()
        if key not in self._logs:
            chosen = with_chosen_log(self.raw, spec, self.executor, self.journal)
            self._logs[key] = [] if chosen.log == "auto" else chosen.log
        return spec.model_copy(update={"log": self._logs[key]})


def data_values(spec: DataSpec) -> dict[str, Any]:
    """Return what a data section has for the keys that are found from data, by key path."""
    content = spec.model_dump()
    return {key: content[key.split(".")[1]] for key in (*DATA_KEYS, "data.target_transform")}


def combinations(tune: TuneSpec) -> int:
    """Return how many combinations of data values a search has."""
    return math.prod(map(len, tune.data_axes.values()))


def combinations_learned(tune: TuneSpec, spec: DataSpec) -> int:
    """Return in how many combinations of data values the relevance of features is learned.

    Args:
        tune: the tune section, with the space.
        spec: the data section, whose relevance counts where the space has none.
    """
    tried = tune.data_axes.get("data.relevance", [spec.relevance])
    return combinations(tune) * tried.count("learned") // len(tried)
