"""The declaration of `ntk activations`."""

import click

from ntkcli.terminal.options import JSON
from ntkcli.terminal.output import print_report


@click.command()
@JSON
def activations(as_json: bool) -> None:
    """List the activations that a spec can name.

    \b
    Examples:
      ntk activations

    Of each: its formula, its parameters with their defaults, whether its kernel has a closed form, and where
    that is from.
    """
    from ntkcli.commands.activations import activations as run_activations

    print_report(run_activations(), as_json=as_json)
