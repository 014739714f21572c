"""What is read back of run.json, metrics.json and spec.yaml; other versions may have other keys beside it."""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


def _time(text: str) -> str:
    """Refuse what is no time.

    Raises:
        ValueError: it is no number.
    """
    float(text)
    return text


Time = Annotated[str, AfterValidator(_time)]
Count = Annotated[int, Field(ge=0, lt=2**63)]


class Record(BaseModel):
    """The base of all records: unknown keys are passed over, and numbers are finite, as those of JSON are."""

    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False)


class FileRecord(Record):
    """A file that the run was made from; its path starts from the run directory."""

    path: str
    rows: Count | None = None


class SourceRecord(Record):
    """The spec, and what the command line set in it."""

    path: str
    extends: list[FileRecord] = []
    set: list[str] = []


class LayerRecord(Record):
    """A weight layer."""

    sigma_w: float
    sigma_b: float
    activation: str | dict[str, Any] | None


class TimeRecord(Record):
    """How a Gram matrix was solved for a time."""

    time: Time
    residual: float | None = None
    effective_degrees_of_freedom: float | None = None
    condition: float | None = None


class SolverRecord(Record):
    """How a Gram matrix was solved."""

    gram: str
    solver: str
    ridge: float
    times: list[TimeRecord] = []


class CalibratedRecord(Record):
    """What was fitted to unseen rows for a kernel and time, a number for each output."""

    kernel: str
    time: Time
    variance_scale: list[float | None]
    noise: list[float | None]
    half_width: list[float | None] | None = None
    temperature: float | None = None


class CalibrationRecord(Record):
    """The unseen rows, and what was fitted to them."""

    by: str
    rows: Count
    found: list[CalibratedRecord] = []


class RunRecord(Record):
    """run.json."""

    versions: dict[str, str]
    spec: SourceRecord
    data: dict[str, FileRecord]
    features: list[str]
    targets: list[str]
    classes: list[str] = []
    target_transform: dict[str, Any] = {}
    network: list[LayerRecord] = Field(min_length=1)
    solvers: list[SolverRecord] = []
    approximation: dict[str, Any] | None = None
    calibration: CalibrationRecord | None = None
    compute: dict[str, Any] = {}
    warnings: list[str]
    seconds: dict[str, float]
    peak_memory_bytes: Count


class InferenceRecord(Record):
    """The section `inference` of spec.yaml."""

    kernel: list[str]
    time: list[Annotated[float, Field(allow_inf_nan=True)]] | str
    ridge: float | str
    ridge_scale: str
    loss: str


class SpecRecord(Record):
    """spec.yaml."""

    inference: InferenceRecord


class TargetRecord(Record):
    """The metrics of a target in metrics.json: those of numbers, or those of classes."""

    target: str
    rmse: float | None = None
    mae: float | None = None
    r2: float | None = None
    nll: float | None = None
    coverage: float | None = None
    width: float | None = None
    accuracy: float | None = None
    balanced_accuracy: float | None = None
    log_loss: float | None = None
    brier: float | None = None
    ece: float | None = None


class ScoreRecord(TargetRecord):
    """The metrics of a kernel at a time."""

    kernel: str
    time: Time


class BaselineRecord(TargetRecord):
    """The metrics of a baseline."""

    model: str


class MetricsRecord(Record):
    """metrics.json."""

    rows: str = "test"
    interval: float
    interval_from: str
    scores: list[ScoreRecord]
    baselines: list[BaselineRecord] = []
