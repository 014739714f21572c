"""What is kept of one method on one split."""

import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self


@dataclass(frozen=True)
class Score:
    """On the test rows, in the target's own units.

    error: root mean square error, or log loss of classes; nan if the method failed.
    nll: mean negative log density; nan if the method has no density.
    coverage: the share of values in 95 % intervals; nan if it has none.
    seconds: of choosing settings, fitting and predicting.
    processor_seconds: of all processors together, which a busy machine changes less.
    exit_code: of the command, 0 for what is none.
    """

    error: float
    nll: float = math.nan
    coverage: float = math.nan
    seconds: float = math.nan
    processor_seconds: float = math.nan
    exit_code: int = 0

    @classmethod
    def read(cls, path: Path) -> Self:
        """As `write` left it."""
        found: dict[str, Any] = json.loads(path.read_text())
        values: dict[str, Any] = {name: math.nan if value is None else value for name, value in found.items()}
        return cls(**values)

    def write(self, path: Path) -> None:
        """A file that is there when it is complete."""
        content = {name: None if math.isnan(value) else value for name, value in asdict(self).items()}
        partial = path.with_suffix(".partial")
        partial.write_text(json.dumps(content) + "\n")
        partial.rename(path)
