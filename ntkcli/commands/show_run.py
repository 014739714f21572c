"""The part of `ntk show` that every run has: spec, data, network, solvers, warnings, time and memory."""

import os
from collections.abc import Iterable, Iterator
from typing import Any

from ntkcli.commands.finding import Finding
from ntkcli.jobs.network import setting_text
from ntkcli.regression.question import time_text
from ntkcli.runs.reader import Run
from ntkcli.runs.records import LayerRecord, SolverRecord, TimeRecord
from ntkcli.units import bytes_text, counted, percent_text, seconds_text

# Warnings that are shown; --json has all.
MOST_WARNINGS = 10


def run_findings(run: Run) -> Iterator[Finding]:
    """Yield what run.json and spec.yaml say."""
    yield _spec(run)
    yield from _data(run)
    yield network_finding(run.record.network)
    yield _inference(run)
    yield from _solvers(run.record.solvers)
    yield from _approximation(run)
    yield from _warnings(run.record.warnings)
    yield _cost(run)
    versions = run.record.versions
    yield Finding(
        "versions",
        ", ".join(f"{name} {version}" for name, version in versions.items()),
        {"versions": versions},
    )


def _spec(run: Run) -> Finding:
    source = run.record.spec
    path = _beside(run, source.path)
    extends = "".join(f", which extends {_beside(run, base.path)}" for base in source.extends[:1])
    settings = f", with {', '.join(source.set)}" if source.set else ""
    return Finding("spec", f"{path}{extends}{settings}", {"spec": {"path": path, "set": source.set}})


def _data(run: Run) -> Iterator[Finding]:
    """Yield the files with their rows, and the columns."""
    record = run.record
    files = {name: (_beside(run, file.path), file.rows) for name, file in record.data.items()}
    for i, (name, (path, rows)) in enumerate(files.items()):
        content = {"data": {name: {"path": path, "rows": rows}}}
        known = "" if rows is None else f", {counted(rows, 'row')}"
        yield Finding("" if i else "data", f"{name}: {path}{known}", content)
    targets = ", ".join(record.targets)
    classes = f" ({len(record.classes)} classes)" if record.classes else ""
    medians = " (transformed: its median is predicted)" if record.target_transform else ""
    text = f"{counted(len(record.features), 'encoded feature')}; {targets}{classes}{medians}"
    columns = {"features": record.features, "targets": record.targets, "classes": record.classes}
    yield Finding("columns", text, columns)


def network_finding(layers: list[LayerRecord]) -> Finding:
    """Return the activations, the depth and the weights of a network."""
    content = {"depth": len(layers), "layers": [layer.model_dump() for layer in layers]}
    weights = sorted({f"{layer.sigma_w:.4g}" for layer in layers})
    biases = sorted({f"{layer.sigma_b:.4g}" for layer in layers})
    text = f"{network_text(layers)}, sigma_w {' or '.join(weights)}, sigma_b {' or '.join(biases)}"
    return Finding("network", text, {"network": content})


def network_text(layers: list[LayerRecord]) -> str:
    """Return the activations and the depth of a network in short."""
    return activations_text((layer.activation for layer in layers), len(layers))


def activations_text(settings: Iterable[str | dict[str, Any] | None], depth: int) -> str:
    """Return a network in short, from the activations of its layers, which may be None, and its depth."""
    names = dict.fromkeys(
        setting_text(setting if isinstance(setting, str) or "name" in setting else str(setting))
        for setting in settings
        if setting is not None
    )
    return f"{', '.join(names) or 'linear'}, depth {depth}"


def _inference(run: Run) -> Finding:
    inference = run.spec.inference
    times = inference.time if isinstance(inference.time, str) else [time_text(t) for t in inference.time]
    ridge = inference.ridge if isinstance(inference.ridge, str) else f"{inference.ridge:.4g}"
    at = times if isinstance(times, str) else ", ".join(times)
    content = {
        "kernel": inference.kernel,
        "time": times,
        "ridge": inference.ridge,
        "ridge_scale": inference.ridge_scale,
        "loss": inference.loss,
    }
    text = f"{' and '.join(inference.kernel)} at time {at}, ridge {ridge} ({inference.ridge_scale})"
    return Finding("asked", text, {"inference": content})


def _solvers(solvers: list[SolverRecord]) -> Iterator[Finding]:
    """Yield each Gram matrix with its solver, and how exact each time is."""
    for i, solver in enumerate(solvers):
        text = f"{solver.solver} of {solver.gram}, ridge {solver.ridge:.4g} on the diagonal"
        yield Finding("" if i else "solver", text, {"solvers": [solver.model_dump()]})
        for time in solver.times:
            if told := _exactness(time):
                yield Finding("", f"time {time.time}: {told}")
    if not solvers:
        yield Finding("", "", {"solvers": []})


def _exactness(time: TimeRecord) -> str:
    numbers: dict[str, Any] = {
        "residual {:.1e}": time.residual,
        "{:.4g} effective degrees of freedom": time.effective_degrees_of_freedom,
        "condition {:.1e}": time.condition,
    }
    return ", ".join(form.format(value) for form, value in numbers.items() if value is not None)


def _approximation(run: Run) -> Iterator[Finding]:
    found = run.record.approximation
    yield Finding("", "", {"approximation": found})
    if found:
        text = ", ".join(f"{key} {_text(value)}" for key, value in found.items())
        yield Finding("approximate", text)


def _text(value: Any) -> str:
    """Return a value of the approximation's record; shares of a trace are in its mappings."""
    if isinstance(value, dict):
        return " and ".join(f"{_share(share)} of {name}" for name, share in value.items())
    return (
        f"{value:,}" if isinstance(value, int) else f"{value:.4g}" if isinstance(value, float) else str(value)
    )


def _share(value: Any) -> str:
    return percent_text(value) if isinstance(value, int | float) else str(value)


def _warnings(warnings: list[str]) -> Iterator[Finding]:
    yield Finding("", "", {"warnings": warnings})
    for i, warning in enumerate(warnings[:MOST_WARNINGS]):
        yield Finding("" if i else "warnings", warning)
    if more := len(warnings[MOST_WARNINGS:]):
        yield Finding("", f"... and {more:,} more in run.json")


def _cost(run: Run) -> Finding:
    seconds, memory = run.record.seconds, run.record.peak_memory_bytes
    longest = sorted(((value, name) for name, value in seconds.items() if name != "total"), reverse=True)[:3]
    total = seconds_text(seconds.get("total", sum(seconds.values())))
    most = ", ".join(f"{name} {seconds_text(value)}" for value, name in longest)
    text = f"{total} (most of it: {most}), {bytes_text(memory)} of memory at the peak"
    return Finding("took", text, {"seconds": seconds, "peak_memory_bytes": memory})


def _beside(run: Run, path: str) -> str:
    """Return a path of run.json as seen from the working directory; `-` is standard input."""
    return path if path == "-" else os.path.normpath(run.place / path)
