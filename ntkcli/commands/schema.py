"""`ntk schema`: the JSON schema of specs, for editors."""

import json

from ntkcli.spec.schema import spec_schema


def schema() -> str:
    """Return the JSON schema of a spec as text."""
    return json.dumps(spec_schema(), indent=2, ensure_ascii=False, allow_nan=False)
