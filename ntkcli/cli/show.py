"""The declaration of `ntk show`."""

from pathlib import Path

import click

from ntkcli.terminal.options import JSON, RUN
from ntkcli.terminal.output import print_report


@click.command()
@RUN
@JSON
def show(run: Path, as_json: bool) -> None:
    """Tell on a page what a run is.

    \b
    Examples:
      ntk show runs/houses
      ntk show runs/houses --json

    RUN is a directory that `ntk fit`, `kernel`, `tune`, `spectrum` or `simulate` wrote: its data, network,
    kernel and ridge, how exactly it was solved, scores, calibration, warnings, time, memory and files.
    """
    from ntkcli.commands.show import show as run_show

    print_report(run_show(run), as_json=as_json)
