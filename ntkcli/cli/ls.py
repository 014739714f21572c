"""The declaration of `ntk ls`."""

from pathlib import Path

import click

from ntkcli.terminal.messages import Messages
from ntkcli.terminal.options import JSON, PATH
from ntkcli.terminal.output import print_report

# The keys of a line, which would take the libraries of a run to look up; a test holds that they are these.
KEYS = (
    *("run", "command", "date", "rows", "network", "kernel", "time"),
    *("rmse", "nll", "accuracy", "log_loss", "seconds"),
)


@click.command()
@click.argument("directory", type=PATH, default="runs")
@click.option("--sort", type=click.Choice(KEYS), default="date", show_default=True, help="What to sort by.")
@click.option("--reverse", is_flag=True, help="The largest, or latest, first.")
@JSON
def ls(directory: Path, sort: str, reverse: bool, as_json: bool) -> None:
    """List the runs below a directory, a line each.

    \b
    Examples:
      ntk ls
      ntk ls runs --sort rmse

    DIRECTORY is `runs` if it is left out.

    Scores are those of the kernel and time that predict best: of several targets, rmse is the mean over the
    targets of rmse / that of the training rows' mean. Runs without a number come last. What cannot be read is
    named on stderr.
    """
    from ntkcli.commands.ls import ls as run_ls

    report = run_ls(directory, key=sort, reverse=reverse)
    for what in report.unreadable:
        Messages().journal().warn(what)
    print_report(report, as_json=as_json)
