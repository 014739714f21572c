"""The parameters that an activation takes."""

from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Parameter:
    """One parameter of an activation.

    default: None when it has to be given.
    low, high: the limits of its value; for a list, of its length.
    """

    name: str
    default: Any
    low: float = float("-inf")
    high: float = float("inf")
    kind: Literal["number", "integer", "list"] = "number"

    @property
    def example(self) -> Any:
        """Some value that is allowed."""
        if self.default is not None:
            return self.default
        return [1.0] if self.kind == "list" else 1.0

    @property
    def wanted(self) -> str:
        """What its value should be, in words."""
        if self.kind == "list":
            return f"a list of 1 to {self.high} finite numbers"
        if self.kind == "integer":
            return f"a whole number from {self.low} to {self.high}"
        return "a finite number above 0" if self.low > 0 else "a finite number"
