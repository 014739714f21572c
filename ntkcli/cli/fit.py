"""The declaration of `ntk fit`."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ntkcli.interruption import Interruption, begin_more
from ntkcli.terminal.failure import attempt, worst
from ntkcli.terminal.messages import Messages, with_messages
from ntkcli.terminal.options import JSON, OVERWRITE, on_specs

if TYPE_CHECKING:
    from ntkcli.commands.request import Request


@click.command()
@on_specs(with_resume=True)
@OVERWRITE
@JSON
@with_messages
@click.pass_context
def fit(
    context: click.Context, requests: "list[Request]", overwrite: bool, as_json: bool, messages: Messages
) -> None:
    """Fit SPEC and predict its test rows.

    \b
    Examples:
      ntk fit houses.yaml
      ntk fit houses.yaml --set network.depth=4 --out runs/deeper
      ntk fit houses.yaml flats.yaml --overwrite --quiet

    SPEC is a YAML file, as `ntk init` writes one for a table; `-` is standard input.

    The run directory gets predictions.csv, metrics.json, model/, spec.yaml, run.json, and the matrices
    asked for. It is output.dir, or else runs/NAME beside NAME.yaml.

    Several specs are fitted one after the other, whatever becomes of each. The exit code is then the largest
    of theirs, with 1 (unexpected) before all others; --json prints an object for each.
    """
    fitted: list[Path] = []
    works = [partial(_fit, request, fitted, overwrite, as_json, messages) for request in requests]
    if len(works) == 1:
        works[0]()
        return
    codes: list[tuple[Path, int]] = []
    try:
        for request, work in zip(requests, works, strict=True):
            begin_more()
            messages.tell(f"fitting {request.path}")
            codes.append((request.path, attempt(work, messages.error)))
    except Interruption:
        for i, request in enumerate(requests):
            is_fitted = i < len(codes) and codes[i][1] == 0
            messages.tell(f"{request.path}: {'fitted' if is_fitted else 'not fitted'}")
        raise
    for path, code in codes:
        if code:
            messages.error(f"{path}: not fitted (exit code {code})")
    context.exit(worst(code for _, code in codes))


def _fit(request: "Request", fitted: list[Path], overwrite: bool, as_json: bool, messages: Messages) -> None:
    """Fit one spec, and show the scores."""
    from ntkcli.commands.fit import fit_unless_finished

    report = fit_unless_finished(request, overwrite=overwrite, taken=fitted, journal=messages.journal())
    fitted.append(report.place)
    messages.report(report, as_json=as_json)
