"""The declaration of `ntk tune`."""

from typing import TYPE_CHECKING

import click

from ntkcli.terminal.messages import Messages, with_messages
from ntkcli.terminal.options import JSON, OVERWRITE, check_goes_on, on_spec

if TYPE_CHECKING:
    from ntkcli.commands.request import Request


@click.command()
@on_spec(with_wait=True, with_cluster=True, with_depfile=True, with_resume=True)
@OVERWRITE
@JSON
@with_messages
def tune(request: "Request", overwrite: bool, as_json: bool, messages: Messages) -> None:
    """Search for the best network, kernel and ridge.

    \b
    Examples:
      ntk init houses.csv price --template tune --out tune.yaml
      ntk tune tune.yaml

    SPEC has a `tune` section, which tells what to search and what to make small. The directory, output.dir
    with `-tune` behind it, gets trials.csv with every score, best.yaml, and fit/ with the best fitted to all
    training rows. A search that was interrupted goes on.
    """
    from ntkcli.commands.tune import tune as run_tune

    check_goes_on(request, overwrite=overwrite)
    report = run_tune(request, overwrite=overwrite, journal=messages.journal())
    messages.report(report, as_json=as_json)
