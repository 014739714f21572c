"""Commands that meet at the same directories, cache and file, how often each is given, and how it may end."""

import re
from dataclasses import dataclass, field
from pathlib import Path

from .scenario_inputs import DEEPER, GRID, KERNELS, SPEC, write_inputs

# The cache has room for some of the Gram matrices that the commands need, each of 15 KB.
CACHE_SIZE = 80 * 1024
PLAIN = SPEC + KERNELS
CACHED = PLAIN.replace(
    "  threads: 1\n", f"  threads: 1\n  cache: cache\n  cache_size: {CACHE_SIZE // 1024}KiB\n"
)
# What is kept for `--resume` is in the cache where there is one.
FILES = {
    "one": CACHED,
    "other": CACHED.replace(*DEEPER),
    "kept_one": PLAIN,
    "kept_other": PLAIN.replace(*DEEPER),
    "grid": CACHED + GRID,
}
# Networks of `ntk kernel`.
BIASES = ("0.1", "0.2")

IN_USE = re.compile(r"another (run is writing it|search is at work there)")
TAKEN = re.compile(r"is already there|holds the results of a finished search|was begun with another spec")
NOT_A_KERNEL = re.compile(r"which this command does not write")
NO_FIT = re.compile(r"there is no (model|such directory)")
AGAIN = re.compile(r"the same command goes on from here")
REFUSED = {6: re.compile(f"{IN_USE.pattern}|{TAKEN.pattern}")}
READS = {3: NO_FIT}


@dataclass(frozen=True)
class Command:
    """A command line.

    name: of its kind, in the table of counts.
    words: behind `ntk`.
    ends: what its message says by the exit code, 0 aside.
    patience: seconds that it may wait.
    goes_on: whether SIGTERM ends it with 75.
    """

    name: str
    words: str
    ends: dict[int, re.Pattern[str]] = field(default_factory=dict, hash=False)
    patience: float = 0.0
    goes_on: bool = False


def _fits() -> list[Command]:
    found = []
    for spec in ("one", "other"):
        fit, kept = f"fit {spec}.yaml --out run", f"fit kept_{spec}.yaml --out run"
        again = "fit --resume --overwrite", f"{kept} --resume --overwrite --wait 1s", REFUSED, 1.0, True
        limited = "fit --max-time", f"{kept} --max-time 0.5s --overwrite", REFUSED | {75: AGAIN}, 0.0, True
        found += [
            *[Command("fit --overwrite", f"{fit} --overwrite", REFUSED)] * 2,
            Command("fit --overwrite --wait", f"{fit} --overwrite --wait 5s", REFUSED, 5.0),
            Command("fit --resume", f"{kept} --resume", REFUSED, goes_on=True),
            Command(*again),
            Command(*limited),
        ]
    return found


def _kernels() -> list[Command]:
    elsewhere = [
        Command(
            "kernel --overwrite",
            f"kernel one.yaml --out kernel --overwrite --set network.sigma_b={bias}",
            REFUSED,
        )
        for bias in BIASES
    ]
    at_fit = {6: re.compile(f"{REFUSED[6].pattern}|{NOT_A_KERNEL.pattern}")}
    return [*elsewhere, Command("kernel in a fit's place", "kernel one.yaml --out run --overwrite", at_fit)]


PREDICTED = [
    Command("predict", f"predict run test.csv{option} --out p.csv --overwrite", READS)
    for option in ("", " --no-std")
]
JUDGED = Command("evaluate", "evaluate run test.csv --json", READS)
SHOWN = Command("show", "show run --json", READS)
READERS = [*PREDICTED, *PREDICTED, JUDGED, SHOWN]
SEARCHES = [
    Command("tune", "tune grid.yaml --out tune", REFUSED),
    Command("tune --overwrite", "tune grid.yaml --out tune --overwrite", REFUSED),
]
# What of them writes, each to be given alone.
WRITERS = (
    *(f"fit {spec}.yaml --out run" for spec in ("one", "other", "kept_one", "kept_other")),
    "kernel one.yaml --out run",
    *(f"kernel one.yaml --out kernel --set network.sigma_b={bias}" for bias in BIASES),
    "tune grid.yaml --out tune",
)
COMMANDS = [*_fits(), *_kernels(), *READERS, *READERS, *SEARCHES]
# What makes everything whole at the end, and leaves nothing beside it.
LAST = (
    "fit kept_one.yaml --out run --overwrite --resume",
    "kernel one.yaml --out kernel --overwrite --set network.sigma_b=0.1",
    "tune grid.yaml --out tune --overwrite",
    "predict run test.csv --out p.csv --overwrite",
)


def write_files(folder: Path) -> None:
    """Write the tables and the specs."""
    write_inputs(folder)
    for name, text in FILES.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
