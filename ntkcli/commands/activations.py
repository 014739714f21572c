"""`ntk activations`: every activation that a spec can name."""

from ntkcli.kernels.activations.catalogue import ACTIVATIONS, Entry
from ntkcli.kernels.activations.parameters import Parameter

HEAD = ["name", "phi(x)", "parameters", "dual", "source"]


def activations() -> list[list[str]]:
    """Return a table of the activations as lines of cells, the first of which is the head."""
    return [HEAD, *(_line(name, entry) for name, entry in ACTIVATIONS.items())]


def _line(name: str, entry: Entry) -> list[str]:
    parameters = ", ".join(_parameter(parameter) for parameter in entry.parameters)
    dual = "closed form" if entry.has_closed_form else "numerical"
    return [name, entry.formula, parameters, dual, entry.source]


def _parameter(parameter: Parameter) -> str:
    return parameter.name if parameter.default is None else f"{parameter.name} ({parameter.default:g})"
