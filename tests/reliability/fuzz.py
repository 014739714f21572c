"""Mutated specs, tables and models, each read by a command: `python -m tests.reliability.fuzz --help`."""

import multiprocessing
import resource
import secrets
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

import click

from tests.reliability import one_thread  # noqa: F401
from tests.reliability.child import Child, Outcome, import_all
from tests.reliability.fuzz_base import FITTED, fit_words, write_base
from tests.reliability.fuzz_case import KINDS, Case, make_case
from tests.reliability.fuzz_checks import CODES, LIMIT_SECONDS, compared, faults, files_below

# More than any of the small jobs takes; or a fault could take the whole machine's.
MOST_MEMORY = 2**32


@dataclass(frozen=True)
class Verdict:
    """What came of a case.

    number: with the seed, of the case.
    columns: compared with pandas' reading.
    """

    number: int
    case: Case
    outcome: Outcome
    faults: list[str]
    columns: int


@dataclass(frozen=True)
class Fuzzer:
    """Runs cases by their numbers.

    base: the folder with what mutations begin with.
    work: a folder for the cases.
    keep: where the files of failed cases go.
    """

    seed: int
    base: Path
    work: Path
    keep: Path | None

    def verdict(self, number: int) -> Verdict:
        """Run a case."""
        place = self.work / str(number)
        place.mkdir()
        folder = place / "files"
        case = make_case(Random(f"{self.seed}/{number}"), self.base, folder)
        before = files_below(folder)
        outcome = _run(case.words, folder, place)
        found = list(faults(case, outcome, folder, before))
        columns = list(compared(case, folder)) if outcome.code == 0 and case.kind == "table" else []
        found += filter(None, columns)
        if found and self.keep:
            (place / "command").write_text(" ".join(("ntk", *case.words)) + "\n")
            shutil.copytree(place, self.keep / f"{self.seed}_{number}", dirs_exist_ok=True)
        shutil.rmtree(place)
        return Verdict(number, case, outcome, found, len(columns))


@contextmanager
def fuzzer(seed: int, keep: Path | None) -> Iterator[Fuzzer]:
    """Make what mutations begin with, for the `with` block."""
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        base = work / "base"
        base.mkdir()
        write_base(base)
        for spec in FITTED:
            outcome = _run(fit_words(spec), base, work)
            if outcome.code:
                raise click.ClickException(f"{spec}: cannot be fitted: {outcome.stderr}")
        yield Fuzzer(seed, base, work, keep)


@click.command()
@click.option("--cases", default=10_000, show_default=True)
@click.option("--seed", type=int, help="Default: another every time.")
@click.option("--first", default=0, help="Number of the first case.")
@click.option("--jobs", default=2, show_default=True)
@click.option("--keep", type=click.Path(path_type=Path), help="Folder for the files of failed cases.")
def main(cases: int, seed: int | None, first: int, jobs: int, keep: Path | None) -> None:
    """Read mutated specs, tables and models; end with 1 if a command does not end as it should."""
    seed = secrets.randbelow(10**6) if seed is None else seed
    click.echo(f"seed {seed}")
    import_all()
    tally: Counter[tuple[str, int | None]] = Counter()
    failed = columns = 0
    slowest = 0.0
    # Workers are forked before there is a thread here.
    with fuzzer(seed, keep) as work, multiprocessing.get_context("fork").Pool(jobs) as pool:
        for verdict in pool.imap_unordered(work.verdict, range(first, first + cases)):
            tally[verdict.case.kind, verdict.outcome.code] += 1
            columns += verdict.columns
            slowest = max(slowest, verdict.outcome.seconds)
            if verdict.faults:
                failed += 1
                _show(verdict)
    _show_counts(tally)
    click.echo(
        f"{columns} columns of accepted tables compared with pandas; the slowest case took {slowest:.1f} s"
    )
    click.echo(f"{failed} of {cases} cases failed")
    sys.exit(failed > 0)


def _run(words: Sequence[str], folder: Path, outputs: Path) -> Outcome:
    return Child.begin(words, folder, outputs, _limit).outcome(LIMIT_SECONDS)


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _show(verdict: Verdict) -> None:
    *_, last = verdict.outcome.stderr.splitlines() or [""]
    words = " ".join(verdict.case.words)
    click.echo(f"case {verdict.number}: ntk {words}: {'; '.join(verdict.faults)}: {last[:300]}")


def _show_counts(tally: Counter[tuple[str, int | None]]) -> None:
    codes = sorted(CODES | {code for _, code in tally if code is not None})
    click.echo(
        "".join(f"{name:>9}" for name in ("", "cases", "accepted", *(f"exit {code}" for code in codes[1:])))
    )
    for kind in KINDS:
        counts = [tally[kind, code] for code in codes]
        click.echo("".join(f"{cell:>9}" for cell in (kind, sum(counts) + tally[kind, None], *counts)))


if __name__ == "__main__":
    main()
