"""Arguments that several commands take."""

import os
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import click
from click.shell_completion import CompletionItem

from ntkcli.cluster import WAIT_SECONDS
from ntkcli.interruption import limit, resumes
from ntkcli.streams import STANDARD
from ntkcli.terminal.completion import complete_kernel, complete_setting
from ntkcli.terminal.duration import DURATION, DurationType

if TYPE_CHECKING:
    from ntkcli.commands.request import Request

Command: TypeAlias = Callable[..., None]
Declare: TypeAlias = Callable[[Command], Command]

# The arguments that make a Request, beside the spec.
ASKED = frozenset(("settings", "out", "depfile", "scheduler", "wait", "resume"))


class PathType(click.Path):
    """A path of the command line; an empty one, as of a variable that is not set, would be the folder `.`.

    Args:
        completed: what shells complete it with: "file" for files and folders, "dir" for folders alone.
        options: of click.Path.
    """

    def __init__(self, *, completed: Literal["file", "dir"] = "file", **options: Any) -> None:
        super().__init__(**options)
        self._completed = completed

    def convert(
        self, value: "str | os.PathLike[str]", param: click.Parameter | None, ctx: click.Context | None
    ) -> Any:
        if not os.fspath(value):
            self.fail("is empty: give a path", param, ctx)
        return super().convert(value, param, ctx)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Have the shell complete it."""
        return [CompletionItem(incomplete, type=self._completed)]


def _with_stdout(context: click.Context, param: click.Parameter, is_asked: bool) -> bool:
    """Refuse to work for a result that can go nowhere."""
    if is_asked:
        from ntkcli.runs.output_file import check_standard_output

        check_standard_output()
    return is_asked


PATH = PathType(path_type=Path)
RUN = click.argument("run", type=PathType(path_type=Path, completed="dir"))
TABLE = click.argument("table", metavar="TABLE", type=PATH)
KERNEL = click.option(
    "--kernel",
    metavar="K",
    multiple=True,
    shell_complete=complete_kernel,
    help="Only this kernel; may be repeated.",
)
TIME = click.option("--time", metavar="T", multiple=True, type=float, help="Only this time; may be repeated.")
STD = click.option(
    "--std/--no-std", default=None, help="With or without standard deviations; default: as fitted."
)
OVERWRITE = click.option("--overwrite", is_flag=True, help="Replace a run directory that is already there.")
PLOT = click.option("--plot", is_flag=True, help="Draw pictures too (pip install 'ntkcli[report]').")
JSON = click.option(
    "--json",
    "as_json",
    is_flag=True,
    callback=_with_stdout,
    help="Print one JSON object instead of text (docs/command_line.md).",
)

_SPEC = click.argument("spec", type=PATH)
_SPECS = click.argument("specs", metavar="SPEC...", type=PATH, nargs=-1, required=True)
_SET = click.option(
    "--set",
    "settings",
    metavar="KEY=VALUE",
    multiple=True,
    shell_complete=complete_setting,
    help="Set a key of the spec, such as network.depth=4; may be repeated.",
)
_OUT = click.option(
    "--out",
    metavar="DIR",
    type=PathType(path_type=Path, completed="dir"),
    help="Run directory, instead of output.dir.",
)
_DEPFILE = click.option(
    "--depfile", metavar="FILE", type=PATH, help="Write a rule for Make: what the results depend on."
)
_SCHEDULER = click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="Dask scheduler, instead of compute.scheduler: tcp://host:8786, its file, or local.",
)
_WAIT = click.option(
    "--wait",
    metavar="TIME",
    type=DURATION,
    help="Wait so long, such as 10m, for a run directory that is in use (default: not at all) and for a "
    f"cluster without workers ({WAIT_SECONDS:g} s).",
)
_RESUME = click.option(
    "--resume", is_flag=True, help="Keep what is finished, and go on where an earlier call was stopped."
)
_MAX_TIME = click.option(
    "--max-time",
    metavar="TIME",
    type=DurationType(above_zero=True),
    help="Stop with exit code 75 after so long, such as 55m or 2h; with --resume, which it implies.",
)
_RESUMPTION = (_RESUME, _MAX_TIME)


def on_spec(
    *,
    with_place: bool = True,
    with_wait: bool = False,
    with_cluster: bool = False,
    with_depfile: bool = False,
    with_resume: bool = False,
) -> Declare:
    """Declare the arguments of a command that works on a spec, and hand them to it as one Request.

    Args:
        with_place: whether the command has a run directory.
        with_wait: whether it can wait for its run directory, and its cluster.
        with_cluster: whether it can run on a cluster.
        with_depfile: whether it tells Make what its results depend on.
        with_resume: whether it goes on where an earlier call was stopped.
    """
    options = [_SPEC, _SET]
    options += [_OUT] if with_place else []
    options += [_DEPFILE] if with_depfile else []
    options += [_SCHEDULER] if with_cluster else []
    options += [_WAIT] if with_wait else []
    options += _RESUMPTION if with_resume else []

    def declared(command: Command) -> Command:
        @wraps(command)
        def requested(spec: Path, **arguments: Any) -> None:
            asked, others = _parted(arguments)
            command(_request(spec, **asked), **others)

        return _with_options(requested, options)

    return declared


def on_specs(*, with_resume: bool = False) -> Declare:
    """Declare the arguments of a command that works on one spec or more, and hand it a Request for each.

    Args:
        with_resume: whether it goes on where an earlier call was stopped.
    """
    options = [_SPECS, _SET, _OUT, _DEPFILE, _SCHEDULER, _WAIT]
    options += _RESUMPTION if with_resume else []

    def declared(command: Command) -> Command:
        @wraps(command)
        def requested(specs: tuple[Path, ...], **arguments: Any) -> None:
            asked, others = _parted(arguments)
            _check_several(specs, asked)
            command([_request(spec, **asked) for spec in specs], **others)

        return _with_options(requested, options)

    return declared


def _check_several(specs: Sequence[Path], asked: dict[str, Any]) -> None:
    """Refuse what is for one spec alone where there are several."""
    if len(specs) == 1:
        return
    for name in ("out", "depfile"):
        if asked[name] is not None:
            raise click.UsageError(f"--{name}: is for one spec, and these are {len(specs)}: fit them apart")
    if specs.count(STANDARD) > 1:
        raise click.UsageError("`-` is standard input, which can be read once: name it once")


def _parted(arguments: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Part the arguments that make a Request from all others, and let those on the end of the run count."""
    seconds = arguments.pop("max_time", None)
    if seconds is not None:
        arguments["resume"] = True
        limit(seconds)
    elif arguments.get("resume"):
        resumes()
    asked = {name: value for name, value in arguments.items() if name in ASKED}
    return asked, {name: value for name, value in arguments.items() if name not in ASKED}


def _request(
    spec: Path,
    settings: tuple[str, ...] = (),
    out: Path | None = None,
    scheduler: str | None = None,
    wait: float | None = None,
    depfile: Path | None = None,
    resume: bool = False,
) -> "Request":
    from ntkcli.commands.request import Request
    from ntkcli.spec.setting import Setting

    return Request(spec, tuple(map(Setting, settings)), out, scheduler, wait, depfile, resume)


def check_goes_on(request: "Request", *, overwrite: bool) -> None:
    """Refuse to begin anew in every call of a command that is to go on from the one before.

    Raises:
        click.UsageError: both are asked for.
    """
    if request.resume and overwrite:
        raise click.UsageError(
            "--overwrite begins anew in every call, and --resume and --max-time go on: give one of them"
        )


def _with_options(command: Command, options: Sequence[Callable[[Command], Command]]) -> Command:
    for option in reversed(options):
        command = option(command)
    return command
