"""`ntk activations`: every activation that a spec can name."""

from dataclasses import dataclass
from typing import Any

from ntkcli.kernels.activations.catalogue import ACTIVATIONS, Entry
from ntkcli.kernels.activations.parameters import Parameter
from ntkcli.layout import aligned_left

HEAD = ["name", "phi(x)", "parameters", "dual", "source"]


@dataclass(frozen=True)
class ActivationsReport:
    """The report of the activations.

    entries: by name.
    """

    entries: dict[str, Entry]

    @property
    def lines(self) -> list[list[str]]:
        """Lines of cells, the first of which is the head."""
        return [HEAD, *(_line(name, entry) for name, entry in self.entries.items())]

    @property
    def text(self) -> str:
        """The lines, aligned."""
        return aligned_left(self.lines)

    @property
    def content(self) -> dict[str, Any]:
        """The activations as a list."""
        return {"activations": [_content(name, entry) for name, entry in self.entries.items()]}


def activations() -> ActivationsReport:
    """Return the report of all activations."""
    return ActivationsReport(ACTIVATIONS)


def _line(name: str, entry: Entry) -> list[str]:
    parameters = ", ".join(_parameter(parameter) for parameter in entry.parameters)
    return [name, entry.formula, parameters, _dual(entry), entry.source]


def _content(name: str, entry: Entry) -> dict[str, Any]:
    parameters = [{"name": parameter.name, "default": parameter.default} for parameter in entry.parameters]
    return {
        "name": name,
        "formula": entry.formula,
        "parameters": parameters,
        "dual": _dual(entry),
        "source": entry.source,
    }


def _dual(entry: Entry) -> str:
    return "closed form" if entry.has_closed_form else "numerical"


def _parameter(parameter: Parameter) -> str:
    return parameter.name if parameter.default is None else f"{parameter.name} ({parameter.default:g})"
