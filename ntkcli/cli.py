"""The command line of `ntk`: declarations; what a command does is in ntkcli.commands."""

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ntkcli import __version__
from ntkcli.cluster import WAIT_SECONDS
from ntkcli.display import Stream, Terminal, aligned_left, labelled, whole_output

if TYPE_CHECKING:
    from ntkcli.drafts.templates import Template
    from ntkcli.journal import Journal


class PathType(click.Path):
    """A path of the command line; an empty one, as of a variable that is not set, would be the folder `.`."""

    def convert(
        self, value: "str | os.PathLike[str]", param: click.Parameter | None, ctx: click.Context | None
    ) -> Any:
        if not os.fspath(value):
            self.fail("is empty: give a path", param, ctx)
        return super().convert(value, param, ctx)


PATH = PathType(path_type=Path)
SPEC = click.argument("spec", type=PATH)
OUT = click.option("--out", metavar="DIR", type=PATH, help="Run directory, instead of output.dir.")
RUN = click.argument("run", type=PATH)
TABLE = click.argument("table", metavar="TABLE", type=PATH)
KERNEL = click.option("--kernel", metavar="K", multiple=True, help="Only this kernel; may be repeated.")
TIME = click.option("--time", metavar="T", multiple=True, type=float, help="Only this time; may be repeated.")
STD = click.option(
    "--std/--no-std", default=None, help="With or without standard deviations; default: as fitted."
)
OVERWRITE = click.option("--overwrite", is_flag=True, help="Replace a run directory that is already there.")
PLOT = click.option("--plot", is_flag=True, help="Draw pictures too (pip install 'ntkcli[report]').")
SCHEDULER = click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="Dask scheduler, instead of compute.scheduler: tcp://host:8786, its file, or local.",
)
WAIT = click.option(
    "--wait",
    metavar="S",
    type=click.FloatRange(min=0),
    default=WAIT_SECONDS,
    show_default=True,
    help="Seconds that a cluster may have no worker.",
)
QUIET = click.option("--quiet", is_flag=True, help="Print nothing unless it fails.")


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="ntk")
def ntk() -> None:
    """Kernel regression on tables with infinitely wide neural networks.

    A YAML spec names the data, the network and what to compute; results go into a run directory.

    \b
    Exit codes: 0 fine, 1 unexpected, 2 usage or spec, 3 data, 4 numerical,
    5 not enough memory, disk or workers, 6 output in use or already there.
    """


@ntk.command()
@TABLE
@click.argument("target", required=False)
@click.option(
    "--template",
    type=click.Choice(["regression", "classification", "time-course", "tune", "large", "neural-tangents"]),
    help="What the spec is for; default: what suits the target.",
)
@click.option("--test", metavar="FILE", type=PATH, help="File to predict; default: a fifth of the rows.")
@click.option(
    "--out", metavar="FILE", type=PATH, help="Spec to write, `-` is stdout; default: NAME.yaml here."
)
@click.option("--overwrite", is_flag=True, help="Replace a file that is already there.")
def init(
    table: Path,
    target: str | None,
    template: "Template | None",
    test: Path | None,
    out: Path | None,
    overwrite: bool,
) -> None:
    """Write a spec for TABLE, to be read, corrected and fitted.

    It says of every column what it seems to be, and why. TARGET is the column to predict; without it, it is
    guessed, or asked for where that is no more than a guess.
    """
    from ntkcli.commands.init import init as run_init

    with whole_output():
        report = run_init(
            table,
            target=target,
            template=template,
            test=test,
            out=out,
            overwrite=overwrite,
            ask=_ask_target if sys.stdin and sys.stdin.isatty() else None,
        )
    if report.place:
        following = f"ntk check {report.place}, ntk {report.command} {report.place}"
        _print(f"wrote {report.place}: {report.text}: next: {following}")


@ntk.command()
@SPEC
@OUT
@OVERWRITE
@SCHEDULER
@WAIT
@QUIET
def fit(
    spec: Path, out: Path | None, overwrite: bool, scheduler: str | None, wait: float, quiet: bool
) -> None:
    """Fit SPEC and predict its test rows.

    The run directory gets predictions.csv, metrics.json, model/, spec.yaml, run.json, and the matrices
    asked for.
    """
    from ntkcli.commands.fit import fit as run_fit
    from ntkcli.results.shown import score_table

    report = run_fit(
        spec, out=out, overwrite=overwrite, scheduler=scheduler, wait=wait, journal=_journal(quiet)
    )
    if not quiet:
        Stream("stdout").write(f"{score_table(report.metrics)}\nwrote {report.place}\n")


@ntk.command()
@SPEC
@OUT
@OVERWRITE
@SCHEDULER
@WAIT
@QUIET
def kernel(
    spec: Path, out: Path | None, overwrite: bool, scheduler: str | None, wait: float, quiet: bool
) -> None:
    """Write the Gram matrices of SPEC, and nothing else.

    Which ones: output.kernels, or else those that the predictions would be made from.
    """
    from ntkcli.commands.kernel import kernel as run_kernel

    report = run_kernel(
        spec, out=out, overwrite=overwrite, scheduler=scheduler, wait=wait, journal=_journal(quiet)
    )
    if not quiet:
        for name in report.names:
            Stream("stdout").write(f"wrote {report.place / 'kernels' / name}.npy\n")


@ntk.command()
@SPEC
@click.option("--rows", metavar="N", type=int, help="Take so many training rows at random, not all.")
@click.option("--measured", is_flag=True, help="Fit subsets of the rows, to check the learning curve.")
@PLOT
@OUT
@OVERWRITE
@QUIET
def spectrum(
    spec: Path, rows: int | None, measured: bool, plot: bool, out: Path | None, overwrite: bool, quiet: bool
) -> None:
    """Tell what the Gram matrices of SPEC say.

    What lies along which eigenvalue, what training has come to at any time, what more or fewer rows would
    come to, what ridges do. The directory, output.dir with `-spectrum` behind it, gets spectrum.csv,
    time_course.csv, learning_curve.csv, degrees_of_freedom.csv and summary.json.
    """
    from ntkcli.commands.spectrum import spectrum as run_spectrum

    report = run_spectrum(
        spec,
        rows=rows,
        measured=measured,
        plot=plot,
        out=out,
        overwrite=overwrite,
        journal=_journal(quiet),
    )
    if not quiet:
        Stream("stdout").write(f"{aligned_left(report.figures)}\nwrote {report.place}\n")


@ntk.command()
@SPEC
@OUT
@OVERWRITE
@SCHEDULER
@WAIT
@QUIET
def tune(
    spec: Path, out: Path | None, overwrite: bool, scheduler: str | None, wait: float, quiet: bool
) -> None:
    """Search for the best network, kernel and ridge.

    SPEC has a `tune` section, which tells what to search and what to make small. The directory, output.dir
    with `-tune` behind it, gets trials.csv with every score, best.yaml, and fit/ with the best fitted to all
    training rows. A random or tpe search that was interrupted goes on.
    """
    from ntkcli.commands.tune import tune as run_tune
    from ntkcli.results.shown import score_table

    report = run_tune(
        spec, out=out, overwrite=overwrite, scheduler=scheduler, wait=wait, journal=_journal(quiet)
    )
    if not quiet:
        table = score_table(report.fit.metrics)
        Stream("stdout").write(f"{aligned_left(report.best)}\n\n{table}\nwrote {report.place}\n")


@ntk.command()
@SPEC
@OUT
@OVERWRITE
@click.option("--linearised", is_flag=True, help="Train the linearised networks alone.")
@click.option("--samples", is_flag=True, help="Write every seed's predictions too.")
@PLOT
@SCHEDULER
@WAIT
@QUIET
def simulate(
    spec: Path,
    out: Path | None,
    overwrite: bool,
    linearised: bool,
    samples: bool,
    plot: bool,
    scheduler: str | None,
    wait: float,
    quiet: bool,
) -> None:
    """Draw and train finite networks beside the closed form.

    Of several widths and seeds: how far their kernels are from the exact ones, and how far they go from
    the closed form and from their weights at the start. The directory, output.dir with `-simulation` behind
    it, gets kernels.csv, training.csv, layers.csv, predictions.csv and summary.json. A simulation that was
    interrupted goes on. SPEC may have a `simulate` section.
    """
    from ntkcli.commands.simulate import simulate as run_simulate

    report = run_simulate(
        spec,
        out=out,
        overwrite=overwrite,
        linearised=linearised,
        samples=samples,
        plot=plot,
        scheduler=scheduler,
        wait=wait,
        journal=_journal(quiet),
    )
    if not quiet:
        tables = "\n\n".join(aligned_left(table) for table in report.tables)
        Stream("stdout").write(f"{tables}\nwrote {report.place}\n")


@ntk.command()
@RUN
@TABLE
@click.option("--out", metavar="FILE", type=PATH, help="File to write (.gz, .parquet too); default: stdout.")
@click.option("--overwrite", is_flag=True, help="Replace a file that is already there.")
@KERNEL
@TIME
@STD
@QUIET
def predict(
    run: Path,
    table: Path,
    out: Path | None,
    overwrite: bool,
    kernel: tuple[str, ...],
    time: tuple[float, ...],
    std: bool | None,
    quiet: bool,
) -> None:
    """Predict the rows of TABLE with a fitted model.

    RUN is a run directory of `ntk fit`. Writes the columns of predictions.csv, some rows at a time: CSV can
    be of any length, and `-` is standard input. What the model was not fitted with, such as another ridge,
    needs a new fit.
    """
    from ntkcli.commands.predict import predict as run_predict
    from ntkcli.models.choice import Choice

    choice = Choice(kernel, time, std)
    with whole_output():
        run_predict(run, table, out=out, overwrite=overwrite, choice=choice, journal=_journal(quiet))


@ntk.command()
@RUN
@TABLE
@click.option("--json", "as_json", is_flag=True, help="Print what metrics.json would hold.")
@click.option("--importance", is_flag=True, help="Tell how much each feature is worth, too.")
@KERNEL
@TIME
@STD
def evaluate(
    run: Path,
    table: Path,
    as_json: bool,
    importance: bool,
    kernel: tuple[str, ...],
    time: tuple[float, ...],
    std: bool | None,
) -> None:
    """Judge a fitted model on the rows of TABLE.

    RUN is a run directory of `ntk fit`, and TABLE has the targets. `-` is standard input. With --importance,
    the first of the kernels and times predicts again, with the values of one feature after another shuffled
    among the rows (at most 10,000): how much the rmse, or the log loss of classes, increases.
    """
    from ntkcli.commands.evaluate import evaluate as run_evaluate
    from ntkcli.models.choice import Choice
    from ntkcli.results.shown import importance_table, score_table

    report = run_evaluate(
        run,
        table,
        choice=Choice(kernel, time, std),
        importance=importance,
        journal=_journal(quiet=False),
    )
    if as_json:
        _print(json.dumps(report.content, indent=2, allow_nan=False))
        return
    tables = [score_table(report.metrics)]
    if report.importances:
        tables.append(importance_table(report.importances))
    _print("\n\n".join(tables))


@ntk.command()
@SPEC
@OUT
def check(spec: Path, out: Path | None) -> None:
    """Tell what fitting SPEC will need, without doing it.

    Sizes, solvers, memory, disk and time, and what looks doubtful in the data. Ends with the
    exit code of `ntk fit` where that would refuse to begin; the output directory is not looked at.
    With a `tune` section in SPEC, all this is of `ntk tune`: its search, and the fit of the best.
    With a `simulate` section and no other, what `ntk simulate` will need comes with it.
    """
    from ntkcli.commands.check import check as run_check

    report = run_check(spec, out=out, journal=_journal(quiet=False))
    lines = report.lines + [("doubtful" if i == 0 else "", text) for i, text in enumerate(report.warnings)]
    _print(labelled(lines))
    if report.failure:
        raise report.failure


@ntk.command()
@SPEC
def network(spec: Path) -> None:
    """Show how signals travel through SPEC's network, layer by layer.

    \b
    q            median variance K(x, x) of the training rows, with the least and the largest
    chi_1        slope of the next layer's kernel at equal rows: below 1 rows grow alike in depth,
                 above 1 they are driven apart; with `sigma_w: critical` it tends to 1
    correlation  median of the pairs of rows
    """
    from ntkcli.commands.network import network as run_network

    table = run_network(spec, journal=_journal(quiet=False))
    _print(aligned_left(table))


@ntk.command()
def activations() -> None:
    """List the activations that a spec can name."""
    from ntkcli.commands.activations import activations as run_activations

    _print(aligned_left(run_activations()))


def _ask_target(guess: str, names: Sequence[str]) -> str:
    """Ask which of some columns is the target."""
    choice = click.Choice(names)
    try:
        answer: str = click.prompt(
            "target", default=guess, type=choice, show_choices=len(names) < 20, err=True
        )
    except click.Abort as error:
        click.echo(err=True)
        raise click.UsageError("no target: name it behind the table") from error
    return answer


def _journal(quiet: bool) -> "Journal":
    from ntkcli.journal import Journal

    return Journal() if quiet else Journal(Terminal())


def _print(text: str) -> None:
    """Write the result of a command; unlike messages, it is an error if it cannot be written."""
    from ntkcli.runs.output_file import standard_output

    with whole_output(), standard_output() as stdout:
        stdout.write(f"{text}\n")
