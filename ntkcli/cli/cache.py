"""The declaration of `ntk cache`, and of its commands."""

import math
from pathlib import Path

import click

from ntkcli.terminal.duration import DURATION
from ntkcli.terminal.messages import Messages
from ntkcli.terminal.options import JSON, PathType
from ntkcli.terminal.output import print_report
from ntkcli.terminal.size import SIZE

_DIRECTORY = click.argument("directory", metavar="DIR", type=PathType(path_type=Path, completed="dir"))


@click.group()
def cache() -> None:
    """List, verify and prune kept Gram matrices.

    \b
    Examples:
      ntk fit houses.yaml --set compute.cache=kernels
      ntk cache ls kernels
      ntk cache verify kernels
      ntk cache prune kernels --size 10GB

    They are kept in the folder that compute.cache names, for later runs with other times, ridges or targets.
    """


@cache.command()
@_DIRECTORY
@JSON
def ls(directory: Path, as_json: bool) -> None:
    """List the Gram matrices in a cache, a line each.

    \b
    Examples:
      ntk cache ls kernels
      ntk cache ls kernels --json

    DIR is the folder that compute.cache names. The first goes first when there is no more room: it was used
    last longest ago.
    """
    from ntkcli.commands.cache import ls as run_ls

    print_report(run_ls(directory), as_json=as_json)


@cache.command()
@_DIRECTORY
@JSON
def verify(directory: Path, as_json: bool) -> None:
    """Compare all that is in a cache with its checksums.

    \b
    Examples:
      ntk cache verify kernels

    Ends with exit code 3 where a Gram matrix is damaged. The next run that needs it computes it again; `ntk
    cache prune DIR --damaged` deletes it. One that a run is writing is in use, and not compared.
    """
    from ntkcli.commands.cache import verify as run_verify

    report = run_verify(directory, journal=Messages().journal())
    print_report(report, as_json=as_json)
    if report.failure:
        raise report.failure


@cache.command()
@_DIRECTORY
@click.option("--size", metavar="SIZE", type=SIZE, help="Leave at most so much, such as 10GB.")
@click.option("--older", metavar="TIME", type=DURATION, help="Those not used for so long, such as 30d.")
@click.option("--damaged", is_flag=True, help="Those that `ntk cache verify` finds damaged.")
@click.option("--all", "everything", is_flag=True, help="All.")
@click.option("--dry-run", is_flag=True, help="Tell what would be deleted, and delete nothing.")
@JSON
def prune(
    directory: Path,
    size: int | None,
    older: float | None,
    damaged: bool,
    everything: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Delete Gram matrices from a cache.

    \b
    Examples:
      ntk cache prune kernels --older 30d --dry-run
      ntk cache prune kernels --size 10GB
      ntk cache prune kernels --damaged
      ntk cache prune kernels --all

    With --size, those go first that were used last longest ago. One that a run is reading or writing stays.
    """
    from ntkcli.commands.cache import prune as run_prune

    if size is None and older is None and not damaged and not everything:
        raise click.UsageError("nothing says what to delete: give --size, --older, --damaged or --all")
    # Clocks of other machines may be ahead.
    older = -math.inf if everything else older
    report = run_prune(directory, size=size, older=older, damaged=damaged, dry_run=dry_run)
    print_report(report, as_json=as_json)
