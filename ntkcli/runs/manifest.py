"""The files that describe a run: spec.yaml and run.json."""

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ntkcli.data.dataset import Dataset
from ntkcli.job import Job
from ntkcli.networks.layers import network_layers
from ntkcli.runs.directory import RunDirectory
from ntkcli.runs.environment import peak_memory, versions
from ntkcli.spec.file import write_spec

MANIFEST = ("spec.yaml", "run.json")


def write_json(path: Path, content: Any) -> None:
    """Write JSON that every reader takes: no NaN, no Infinity."""
    path.write_text(json.dumps(content, indent=2, allow_nan=False) + "\n", encoding="utf-8")


def write_manifest(run: RunDirectory, job: Job, solvers: list[dict[str, Any]], *, in_file: bool) -> None:
    """Write the resolved spec, and run.json: all there is to know of how the run was made."""
    write_spec(job.spec, run.path / "spec.yaml", home=run.place)
    data = job.dataset
    content = {
        "versions": versions(),
        "spec": {
            "path": os.path.relpath(job.source.path, run.place),
            "sha256": job.source.sha256,
        },
        "data": _files(data, run.place),
        "features": data.schema.features.columns,
        "targets": data.schema.targets.names,
        **({"classes": data.schema.targets.classes} if data.is_classification else {}),
        "target_scaling": {
            "mean": data.target_scaling.mean.tolist(),
            "scale": data.target_scaling.scale.tolist(),
        },
        "network": [asdict(layer) for layer in network_layers(job.spec.network, job.gram.network)],
        "solvers": solvers,
        "compute": {
            "dtype": job.spec.compute.dtype,
            "threads": job.gram.threads,
            "tile": job.gram.tile_rows,
            "storage": "file" if in_file else "memory",
        },
        "warnings": job.journal.warnings,
        "seconds": {**job.journal.timings, "total": job.journal.seconds},
        "peak_memory_bytes": peak_memory(),
    }
    write_json(run.path / "run.json", content)


def _files(data: Dataset, home: Path) -> dict[str, Any]:
    """Where the rows came from; rows that were split off have the training file once more."""
    tables = {"train": data.train, "test": data.test} if data.has_test_rows else {"train": data.train}
    return {
        name: {
            "path": os.path.relpath(table.file.path, home),
            "sha256": table.file.digest,
            "rows": len(table),
        }
        for name, table in tables.items()
    }
