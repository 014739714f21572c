"""The declaration of `ntk check`."""

from typing import TYPE_CHECKING

import click

from ntkcli.terminal.display import labelled
from ntkcli.terminal.options import on_spec
from ntkcli.terminal.output import journal, print_result

if TYPE_CHECKING:
    from ntkcli.commands.request import Request


@click.command()
@on_spec()
def check(request: "Request") -> None:
    """Tell what fitting SPEC will need, without doing it.

    Sizes, solvers, memory, disk and time, and what looks doubtful in the data. Ends with the
    exit code of `ntk fit` where that would refuse to begin; the output directory is not looked at.
    With a `tune` section in SPEC, all this is of `ntk tune`: its search, and the fit of the best.
    With a `simulate` section and no other, what `ntk simulate` will need comes with it.
    """
    from ntkcli.commands.check import check as run_check

    report = run_check(request, journal=journal())
    lines = report.lines + [("doubtful" if i == 0 else "", text) for i, text in enumerate(report.warnings)]
    print_result(labelled(lines))
    if report.failure:
        raise report.failure
