"""The declaration of `ntk activations`."""

import click

from ntkcli.terminal.options import JSON
from ntkcli.terminal.output import print_report


@click.command()
@JSON
def activations(as_json: bool) -> None:
    """List the activations that a spec can name."""
    from ntkcli.commands.activations import activations as run_activations

    print_report(run_activations(), as_json=as_json)
