"""The parameters that an activation takes."""

from dataclasses import dataclass
from typing import Any, Literal

# Squares of products of numbers up to this are still numbers.
SMALLEST, LARGEST = 1e-50, 1e50


@dataclass(frozen=True)
class Parameter:
    """One parameter of an activation.

    default: None if the parameter must be given.
    low, high: the limits of its value; for a list, high is the largest length.
    """

    name: str
    default: Any
    low: float = -LARGEST
    high: float = LARGEST
    kind: Literal["number", "integer", "list"] = "number"

    @property
    def example(self) -> Any:
        """A value that is allowed."""
        if self.default is not None:
            return self.default
        return [1.0] if self.kind == "list" else 1.0

    @property
    def wanted(self) -> str:
        """What its value should be, in words."""
        if self.kind == "list":
            return f"a list of 1 to {self.high} numbers up to {LARGEST:g}"
        if self.kind == "integer":
            return f"a whole number from {self.low} to {self.high}"
        return f"a number from {self.low:g} to {self.high:g}"
