"""model.json: all of a model but its arrays."""

import hashlib
import json
import math
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from ntkcli.errors import DataError
from ntkcli.files.input_file import read_regular
from ntkcli.files.written_file import write_text
from ntkcli.models.array_files import AGAIN, ArrayRecord
from ntkcli.models.model_records import (
    CalibrationRecord,
    NotNegative,
    QuestionRecord,
    SchemaRecord,
    StageRecord,
)
from ntkcli.regression.kernel import KERNELS
from ntkcli.results.unseen_rows import UnseenRows
from ntkcli.spec.csv_format import CsvFormat
from ntkcli.spec.network import NetworkSpec
from ntkcli.spec.section import Section
from ntkcli.spec.spec import OutputSpec

# Rises with every change that an older ntk would read wrongly.
FORMAT = 6
NAME = "model.json"
# The last key of the file, a hash of all others; files of the formats before FIRST_HASHED have none.
HASH, FIRST_HASHED = "sha256", 6
# Names of many categories are in it, but no arrays.
MOST_BYTES = 2**28


class ModelFile(Section):
    """The content of model.json.

    format: the version of the format.
    data: how rows become inputs and targets.
    csv: how CSV files are read; as commas and points for a model from before there was a choice.
    output: the spec's output section.
    dtype: that Gram matrices are stored in.
    tables: for every step of the network, the variances that its tables were made for.
    stages: one for every Gram matrix and solver.
    calibrated_by: the training rows that they were fitted to; None where nothing was.
    calibrations: one for every kernel and time, in the order of the spec.
    arrays: records of the .npy files, by name.
    """

    format: Annotated[int, Field(ge=1)]
    data: SchemaRecord
    csv: CsvFormat = Field(default=CsvFormat())
    network: NetworkSpec
    question: QuestionRecord
    output: OutputSpec
    dtype: Literal["float64", "float32"]
    tables: list[list[NotNegative]]
    stages: list[StageRecord]
    calibrated_by: UnseenRows | None = None
    calibrations: list[CalibrationRecord]
    arrays: dict[str, ArrayRecord]

    @model_validator(mode="after")
    def _parts_agree(self) -> Self:
        calibrated = [(record.kernel, record.time) for record in self.calibrations]
        solved = [pair for stage in self.stages for pair in stage.pairs]
        if not calibrated or sorted(calibrated) != sorted(solved) or len(set(solved)) < len(solved):
            raise ValueError("stages and calibrations are not of the same kernels and times")
        if any(KERNELS[kernel].gram != stage.gram for stage in self.stages for kernel, _ in stage.pairs):
            raise ValueError("a stage is not of its kernels' Gram matrix")
        outputs = len(self.data.classes or self.data.targets)
        factors = [
            factor
            for found in self.calibrations
            for factor in (found.variance_scale, found.noise, found.half_width)
        ]
        if not outputs or any(len(of_outputs) != outputs for of_outputs in factors if of_outputs is not None):
            raise ValueError("calibrations are not of as many outputs as there are")
        if self.data.transforms and [*self.data.transforms] != self.data.targets:
            raise ValueError("transforms are not those of the targets")
        return self


def write_model_file(folder: Path, model: ModelFile) -> None:
    """Write model.json; infinity becomes the text "inf", as in a spec."""
    content = _without_infinity(model.model_dump(exclude={"output": {"dir"}}))
    write_text(folder / NAME, hashed(content))


def hashed(content: dict[str, Any]) -> str:
    """Return the text of model.json, with the hash of all else in it."""
    content = {**content, HASH: _hash(content)}
    return json.dumps(content, indent=1, allow_nan=False, ensure_ascii=False) + "\n"


def read_model_file(folder: Path) -> ModelFile:
    """Read and check model.json.

    Raises:
        DataError: there is none, it is damaged, or a newer ntk wrote it.
    """
    path = folder / NAME
    content = _read(path)
    version, expected = content.get("format"), content.pop(HASH, None)
    if isinstance(version, int) and version > FORMAT:
        raise DataError(
            f"{path}: was written by a newer ntk (format {version}, and this one reads up to {FORMAT}): "
            "upgrade ntk, or fit it again"
        )
    try:
        file = ModelFile.model_validate_json(_canonical(content))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        what = first["msg"].removeprefix("Value error, ")
        found = f"{where}: {what}" if where else what
        raise DataError(f"{path}: is damaged: {found}: {AGAIN}") from error
    if (expected is not None or file.format >= FIRST_HASHED) and expected != _hash(content):
        raise DataError(f"{path}: is damaged: it is not what was written: {AGAIN}")
    return file


def _read(path: Path) -> dict[str, Any]:
    """Return what is in model.json, whose numbers are finite."""
    try:
        content = json.loads(read_regular(path, MOST_BYTES))
        _canonical(content)
    except FileNotFoundError as error:
        raise DataError(f"{path}: there is no model: name a run directory that `ntk fit` wrote") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}: check the path") from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: is damaged: it is no JSON of a model: {AGAIN}") from error
    if not isinstance(content, dict):
        raise DataError(f"{path}: is damaged: it is no JSON of a model: {AGAIN}")
    return content


def _canonical(content: Any) -> str:
    """Return JSON that is the same however the file has its spaces, in ASCII."""
    return json.dumps(content, allow_nan=False)


def _hash(content: dict[str, Any]) -> str:
    return hashlib.sha256(_canonical(content).encode()).hexdigest()


def _without_infinity(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_infinity(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_without_infinity(part) for part in value]
    return "inf" if value == math.inf else value
