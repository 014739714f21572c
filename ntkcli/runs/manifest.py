"""The files that describe a run: spec.yaml and run.json."""

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ntkcli.data.csv_file import CsvFile
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
    files = {"train": data.train, "test": data.test} if data.has_test_file else {"train": data.train}
    content = {
        "versions": versions(),
        "spec": {
            "path": os.path.relpath(job.source.path, run.place),
            "sha256": job.source.sha256,
        },
        "data": {name: _file(table.file, len(table), run.place) for name, table in files.items()},
        "features": data.columns.features,
        "targets": data.columns.targets,
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


def _file(file: CsvFile, rows: int, home: Path) -> dict[str, Any]:
    return {"path": os.path.relpath(file.path, home), "sha256": file.digest, "rows": rows}
