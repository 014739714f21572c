"""The record of a job: the parts of its spec, and its data, that make its results what they are."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ntkcli.spec.spec import Spec

# What results do not depend on; files count by what is in them.
APART: dict[str, Any] = {
    "data": {"train", "test"},
    "output": {"dir"},
    "compute": {"memory", "threads", "scheduler", "cache", "cache_size"},
    "tune": True,
    "simulate": True,
}
FILES = ("data.train", "data.test")


def job_record(spec: Spec, digests: Sequence[str]) -> dict[str, str]:
    """Return all that the results of a job depend on, by the keys of its spec, as texts.

    Args:
        spec: as it was read.
        digests: SHA-256 of its data files, in their order.
    """
    keys = dict(_flat(spec.model_dump(exclude=APART)))
    return keys | dict(zip(FILES, digests, strict=False))


def job_mark(record: Mapping[str, str]) -> str:
    """Return a SHA-256 of a record, by which a run is known again."""
    return hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()


def differences(now: Mapping[str, str], before: Mapping[str, str]) -> list[str]:
    """Return what differs between the records of two jobs, key by key."""
    keys = [key for key in {**now, **before} if now.get(key) != before.get(key)]
    return [
        f"{key} holds other rows"
        if key in FILES
        else f"{key} is {now.get(key, 'left out')}, and was {before.get(key, 'left out')}"
        for key in keys
    ]


def _flat(content: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Yield the values in nested sections, by their keys with dots between them."""
    if isinstance(content, dict) and content:
        for name, value in content.items():
            yield from _flat(value, f"{key}.{name}" if key else str(name))
    else:
        yield key, json.dumps(content, default=str)
