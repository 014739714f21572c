"""Commands that are stopped, what is there before each, and what of it may be unfinished."""

import re
from dataclasses import dataclass

from .conditions import EVERY_STATE, NO_EXCHANGE, Condition

# Files that a killed command may leave beside what it writes, and the next one deletes.
LEFTOVER = re.compile(r"\.ntk-|(^|/)\.partial-")


def _names(pattern: str) -> re.Pattern[str]:
    return re.compile(f"({pattern})$")


NOTHING = _names("(?!)")
# What a search goes on with, and what it writes one by one.
STUDY, SEARCHED = (
    _names(r"run/(study\.db(-journal)?|trials\.jsonl)"),
    _names(r"run/(trials\.csv|best\.yaml)?"),
)
RESUMED, CACHE, SIMULATED = _names(r"\.run\.ntk-resume/.*"), _names("cache/.*"), _names("run/.*")


@dataclass(frozen=True)
class Scenario:
    """A command that is stopped.

    All its files are as before or as after, but for these:

    words: of the command line, behind `ntk`.
    before: command lines that make what is there.
    grows: names of files that the next run goes on with, whatever they hold.
    steps: names of those that come one at a time, each of them absent, as before or as after.
    waiting: where the folder `run` may be instead, until the next command puts it back.
    condition: that every command meets.
    """

    words: str
    before: tuple[str, ...] = ()
    grows: re.Pattern[str] = NOTHING
    steps: re.Pattern[str] = NOTHING
    waiting: str | None = None
    condition: Condition | None = None

    @property
    def again(self) -> str:
        """The words of a next run after one that is done."""
        goes_on = {"--overwrite", "--resume"} & {*self.words.split()}
        return self.words if goes_on else f"{self.words} --overwrite"


SCENARIOS = {
    "fit": Scenario("fit spec.yaml --out a/run"),
    "fit --overwrite": Scenario("fit spec.yaml --out run --overwrite", ("fit other.yaml --out run",)),
    "fit --resume": Scenario("fit spec.yaml --out run --resume", (), RESUMED),
    "fit --resume, pcg": Scenario("fit pcg.yaml --out run --resume", (), RESUMED, condition=EVERY_STATE),
    "fit --resume, nystrom": Scenario(
        "fit nystrom.yaml --out run --resume", (), RESUMED, condition=EVERY_STATE
    ),
    "fit --overwrite, two renames": Scenario(
        "fit spec.yaml --out run --overwrite",
        ("fit other.yaml --out run",),
        waiting=".run.ntk-old/",
        condition=NO_EXCHANGE,
    ),
    "fit, cache": Scenario("fit cached.yaml --out run", (), CACHE),
    "fit, cache reused": Scenario(
        "fit cached.yaml --out run --set inference.ridge=0.3", ("fit cached.yaml --out first",), CACHE
    ),
    "kernel": Scenario("kernel spec.yaml --out a/run"),
    "kernel --overwrite": Scenario(
        "kernel spec.yaml --out run --overwrite", ("kernel other.yaml --out run",)
    ),
    "kernel --resume": Scenario("kernel spec.yaml --out run --resume", (), RESUMED),
    "tune, grid": Scenario("tune grid.yaml --out run", (), STUDY, SEARCHED),
    "tune, random": Scenario("tune random.yaml --out run", (), STUDY, SEARCHED),
    "tune, tpe": Scenario("tune tpe.yaml --out run", (), STUDY, SEARCHED),
    "tune --overwrite": Scenario(
        "tune grid.yaml --out run --overwrite",
        ("tune other_grid.yaml --out run",),
        STUDY,
        _names(r"run/(trials\.csv|best\.yaml|fit/run\.json)?"),
    ),
    "predict --out": Scenario("predict fitted test.csv --out p.csv", ("fit spec.yaml --out fitted",)),
    "predict --out p.csv.gz": Scenario(
        "predict fitted test.csv --out p.csv.gz", ("fit spec.yaml --out fitted",)
    ),
    "predict --overwrite": Scenario(
        "predict fitted test.csv --out p.csv --overwrite",
        ("fit spec.yaml --out fitted", "predict fitted train.csv --out p.csv"),
    ),
    "simulate": Scenario("simulate simulate.yaml --out run", (), NOTHING, SIMULATED),
    "simulate --overwrite": Scenario(
        "simulate simulate.yaml --out run --overwrite",
        ("simulate other_simulate.yaml --out run",),
        NOTHING,
        SIMULATED,
    ),
}
