"""The command line of `ntk`: a file here declares the command of its name; ntkcli.commands carries it out."""

from pathlib import Path

import click
from click.shell_completion import add_completion_class

from ntkcli import __version__
from ntkcli.terminal.completion import WordsOfBash
from ntkcli.terminal.group import FoundCommands

# Click asks for it before there is a command.
add_completion_class(WordsOfBash)


@click.group(
    cls=FoundCommands,
    package=__name__,
    folders=__path__,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="ntk")
def ntk() -> None:
    """Kernel regression on tables with infinitely wide neural networks.

    \b
    Examples:
      ntk init houses.csv price
      ntk check houses.yaml
      ntk fit houses.yaml
      ntk predict runs/houses new.csv --out predictions.csv

    A YAML spec names the data, the network and what to compute; results go into a run directory.

    \b
    Exit codes: 0 fine, 1 unexpected, 2 usage or spec, 3 data, 4 numerical,
    5 not enough memory, disk or workers, 6 output in use or already there,
    75 not done, the same command goes on, 129 hung up, 130 Ctrl-C, 143 told to end.
    """
    try:
        Path.cwd()
    except OSError as error:
        raise click.UsageError("the working directory is gone: go to one that is there") from error
