"""The declaration of `ntk check`."""

from typing import TYPE_CHECKING

import click

from ntkcli.terminal.messages import Messages
from ntkcli.terminal.options import JSON, on_spec
from ntkcli.terminal.output import print_report

if TYPE_CHECKING:
    from ntkcli.commands.request import Request


@click.command()
@on_spec()
@JSON
def check(request: "Request", as_json: bool) -> None:
    """Tell what fitting SPEC will need, without doing it.

    \b
    Examples:
      ntk check houses.yaml
      ntk check houses.yaml --set compute.dtype=float32

    Sizes, solvers, memory, disk and time, and what looks doubtful in the data. Ends with the
    exit code of `ntk fit` where that would refuse to begin; the output directory is not looked at.
    With a `tune` section in SPEC, all this is of `ntk tune`: its search, and the fit of the best.
    With a `simulate` section and no other, what `ntk simulate` will need comes with it.
    """
    from ntkcli.commands.check import check as run_check

    report = run_check(request, journal=Messages().journal())
    print_report(report, as_json=as_json)
    if report.failure:
        raise report.failure
