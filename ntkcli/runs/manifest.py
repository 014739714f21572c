"""The files that describe a run: spec.yaml and run.json."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ntkcli.arrays import FloatArray
from ntkcli.data.dataset import Dataset
from ntkcli.data.transforms import Transforms
from ntkcli.files.written_file import write_text
from ntkcli.inference.flow import Health
from ntkcli.inference.solution import SolutionHealth
from ntkcli.jobs.job import Job
from ntkcli.jobs.layers import network_layers
from ntkcli.jobs.record import job_mark
from ntkcli.regression.fitted_stage import SolverRecord
from ntkcli.regression.question import Pair, time_text
from ntkcli.results.calibration import Calibration
from ntkcli.results.number_metrics import json_number
from ntkcli.results.unseen_rows import UnseenRows
from ntkcli.runs.directory import RunDirectory
from ntkcli.runs.environment import peak_memory, versions
from ntkcli.runs.json_files import json_text
from ntkcli.runs.sources import data_files, spec_files
from ntkcli.solvers.storage import IN_MEMORY, Storage
from ntkcli.spec.file import spec_text

MANIFEST = ("spec.yaml", "run.json")


def write_manifest(
    run: RunDirectory,
    job: Job,
    records: Sequence[SolverRecord],
    calibrations: Mapping[Pair, Calibration],
    unseen: UnseenRows | None = None,
    *,
    storage: Storage = IN_MEMORY,
    approximation: Mapping[str, Any] | None = None,
) -> None:
    """Write spec.yaml and run.json to a run directory; arguments as of `manifest`."""
    texts = manifest(
        run.place, job, records, calibrations, unseen, storage=storage, approximation=approximation
    )
    for name, text in texts.items():
        write_text(run.path / name, text)


def manifest(
    home: Path,
    job: Job,
    records: Sequence[SolverRecord] = (),
    calibrations: Mapping[Pair, Calibration] | None = None,
    unseen: UnseenRows | None = None,
    *,
    storage: Storage = IN_MEMORY,
    approximation: Mapping[str, Any] | None = None,
) -> dict[str, str]:
    """Return the texts of spec.yaml, the resolved spec, and run.json: data, solvers, versions, times.

    Args:
        home: the directory that gets both.
        job: what was computed.
        records: of the solvers.
        calibrations: of every kernel and time that was predicted.
        unseen: the rows that they were fitted to.
        storage: where the Gram matrices were.
        approximation: what stood for the training rows, and what it leaves out; None where nothing did.
    """
    content = {
        "versions": versions(),
        "job": job_mark(job.record),
        "spec": spec_files(job.source, home),
        **_data(job, home),
        "network": [asdict(layer) for layer in network_layers(job.spec.network, job.evaluator.network)],
        "solvers": [_solver(record) for record in records],
        **({"approximation": approximation} if approximation else {}),
        "calibration": _calibration(calibrations or {}, unseen),
        "compute": {**_compute(job), "storage": storage.place, "stored_dtype": storage.dtype},
        "warnings": job.journal.warnings,
        "seconds": {**job.journal.timings, "total": job.journal.seconds},
        "peak_memory_bytes": peak_memory(),
    }
    return {"spec.yaml": spec_text(job.spec, home=home), "run.json": json_text(content)}


def _compute(job: Job) -> dict[str, Any]:
    """How kernels were computed."""
    evaluator = job.evaluator
    return {
        "dtype": job.spec.compute.dtype,
        "threads": evaluator.executor.workers,
        "tile": evaluator.tile_rows,
        **({"cluster": job.cluster.record} if job.cluster else {}),
    }


def _data(job: Job, home: Path) -> dict[str, Any]:
    """The files, and how their columns are encoded."""
    data = job.dataset
    targets = data.schema.targets
    return {
        "data": data_files(job, home),
        "features": data.schema.features.columns,
        "log": [feature.name for feature in data.schema.features.features if feature.log],
        "relevance": _relevance(data),
        "targets": targets.names,
        **({"classes": targets.classes} if data.is_classification else {}),
        "target_scaling": {
            "mean": data.target_scaling.mean.tolist(),
            "scale": data.target_scaling.scale.tolist(),
        },
        **({"target_transform": _transforms(targets.transforms)} if targets.transforms else {}),
    }


def _transforms(transforms: Transforms) -> dict[str, Any]:
    """The transforms without their many knots, and what is predicted of their targets."""
    return {
        name: {**transform.model_dump(exclude={"values", "places"}), "predicted": "median"}
        for name, transform in transforms.of.items()
        if transform
    }


def _solver(record: SolverRecord) -> dict[str, Any]:
    return {
        "gram": record.gram,
        "solver": record.solver,
        "ridge": record.ridge,
        **_known(record.health),
        **({"variances": asdict(record.sampled)} if record.sampled else {}),
        "times": [{"time": time_text(time), **_known(health)} for time, health in record.times.items()],
    }


def _known(health: Health | SolutionHealth) -> dict[str, float | None]:
    """The estimates that the solver makes; None where one is infinite, as JSON has no infinity."""
    numbers = {key: value for key, value in asdict(health).items() if value is not None}
    return {key: value if math.isfinite(value) else None for key, value in numbers.items()}


def _calibration(
    calibrations: Mapping[Pair, Calibration], unseen: UnseenRows | None
) -> dict[str, Any] | None:
    """What was fitted to training rows that were predicted without themselves, if anything was."""
    if unseen is None:
        return None
    found = [_calibrated(pair, calibration) for pair, calibration in calibrations.items()]
    return {"by": unseen.by, "rows": unseen.count, "found": found}


def _calibrated(pair: Pair, found: Calibration) -> dict[str, Any]:
    return {
        "kernel": pair.kernel,
        "time": time_text(pair.time),
        "variance_scale": _finite(found.variance_scale),
        "noise": _finite(found.noise),
        "half_width": None if found.half_width is None else _finite(found.half_width),
        "temperature": found.temperature,
        "relative_errors": None if found.errors is None else asdict(found.errors),
    }


def _finite(values: FloatArray) -> list[float | None]:
    """The values, None where JSON has no number."""
    return [json_number(value) for value in values]


def _relevance(data: Dataset) -> dict[str, float]:
    """The factor that every encoded column was multiplied with."""
    features = data.schema.features
    return dict(zip(features.columns, features.relevance.tolist(), strict=True))
