"""The files that a run was made from, as run.json lists them."""

import os
from pathlib import Path
from typing import Any

from ntkcli.jobs.job import Job
from ntkcli.spec.file import SpecFile
from ntkcli.streams import STANDARD


def spec_files(source: SpecFile, home: Path) -> dict[str, Any]:
    """Return the files that a spec was read from, and what the command line set in it.

    Args:
        source: the spec.
        home: the directory that paths are relative to.
    """
    bases = [_file(path, sha256, home) for path, sha256 in source.bases]
    return {
        **_file(source.path, source.sha256, home),
        **({"extends": bases} if bases else {}),
        **({"set": [setting.text for setting in source.settings]} if source.settings else {}),
    }


def data_files(job: Job, home: Path) -> dict[str, Any]:
    """Return where rows came from; rows that were split off have the training file once more.

    Args:
        job: whose rows they are.
        home: the directory that paths are relative to.
    """
    data, rows = job.dataset, job.row_source
    files = {"train": (data.train.file, rows.train_rows)}
    if data.has_test_rows:
        files["test"] = (data.test.file, job.test_rows)
    return {
        name: {"path": os.path.relpath(file.path, home), "sha256": file.digest, "rows": count}
        for name, (file, count) in files.items()
    }


def _file(path: Path, sha256: str, home: Path) -> dict[str, str]:
    is_standard_input = path == STANDARD
    return {"path": str(path) if is_standard_input else os.path.relpath(path, home), "sha256": sha256}
