"""The main figures of Gram matrices as a terminal shows them."""

from collections.abc import Callable
from typing import Any

from ntkcli.units import counted, percent_text

Figures = dict[str, Any]


def figure_lines(summary: Figures, loss: str) -> list[list[str]]:
    """Return a line of cells for every figure, below a head with the kernels.

    Args:
        summary: as in summary.json.
        loss: the spec's, which the largest learning rate is for.
    """
    kernels: dict[str, Figures] = summary["kernels"]
    lines: list[list[str]] = []
    figures: dict[str, Callable[[Figures], str]] = {
        "ridge": _of("ridge"),
        "largest eigenvalue": _of("largest_eigenvalue"),
        "smallest eigenvalue": _of("smallest_eigenvalue"),
        "condition": _of("condition"),
        "effective dimension": _of("effective_dimension"),
        "degrees of freedom": _of("degrees_of_freedom"),
        "alignment with the targets": _of("alignment"),
        "label complexity": _of("label_complexity"),
        "label complexity, shuffled": lambda of: _number((of["label_complexity_shuffled"] or {}).get("mean")),
        "largest learning rate": lambda of: _number(of["largest_learning_rate"][loss]),
        "best time by leave-one-out": lambda of: _time((of["best_time"] or {}).get("time")),
        "its leave-one-out rmse": lambda of: _number((of["best_time"] or {}).get("loo_rmse")),
    }
    if any(of["learning_curve_agreement"] is not None for of in kernels.values()):
        figures["learning curve off by"] = lambda of: _share(of["learning_curve_agreement"])
    head, approximation = f"{summary['rows']:,} rows", summary.get("approximation")
    if approximation:
        head += f", {counted(approximation['centres'], 'centre')}"
        left_out = approximation["left_out"]
        lines = [["left out of the trace", *(percent_text(left_out[kernel]) for kernel in kernels)]]
    return [
        [head, *kernels],
        *lines,
        *([name, *map(cell, kernels.values())] for name, cell in figures.items()),
    ]


def _of(key: str) -> Callable[[Figures], str]:
    return lambda of: _number(of[key])


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


def _time(text: str | None) -> str:
    return "-" if text is None else f"{float(text):.4g}"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.0%}"
