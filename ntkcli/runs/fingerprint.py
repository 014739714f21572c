"""Fingerprints: what results that are kept were computed from."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from ntkcli.spec.spec import Spec


def fingerprint(spec: Spec, without: Mapping[str, Any], **beside: object) -> str:
    """Return a SHA-256 of all that some results depend on.

    An approximation plays no part in them, but for the rows that are at hand with it.

    Args:
        spec: the spec.
        without: the parts of it that they do not depend on, as pydantic's `exclude` takes them; files by
            their paths are among them.
        beside: what else they depend on, such as the digests of the files.
    """
    apart = {**without, "data": {"train", "test"}, "inference": {"approximation"}}
    content = spec.model_dump(mode="json", exclude=apart) | beside
    if spec.inference.approximation:
        content["rows_at_hand"] = "sample"
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
