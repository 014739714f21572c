"""`ntk schema`: the JSON schema of specs, for editors."""

from ntkcli.runs.json_files import json_text
from ntkcli.spec.schema import spec_schema


def schema() -> str:
    """Return the JSON schema of a spec as text."""
    return json_text(spec_schema(), ensure_ascii=False).rstrip("\n")
