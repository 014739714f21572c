"""The command line of `ntk`: a file here declares the command of its name; ntkcli.commands carries it out."""

import click

from ntkcli import __version__
from ntkcli.terminal.group import FoundCommands


@click.group(
    cls=FoundCommands,
    package=__name__,
    folders=__path__,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="ntk")
def ntk() -> None:
    """Kernel regression on tables with infinitely wide neural networks.

    A YAML spec names the data, the network and what to compute; results go into a run directory.

    \b
    Exit codes: 0 fine, 1 unexpected, 2 usage or spec, 3 data, 4 numerical,
    5 not enough memory, disk or workers, 6 output in use or already there.
    """
