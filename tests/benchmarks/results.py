"""`ntk tune` and `ntk fit` beside others on tables with known origins: `make results` writes docs/results.md.

A quick look at the defaults, on all sets and other splits than the page's, without the page:

    python tests/benchmarks/results.py --ntk "PYTHON -m ntkcli" --work DIR --wheels DIR --methods fit,ridge
        --again fit --first-seed 0 --splits 2

Boosting's threads wait for each other by spinning: on a machine that is busy, set OMP_WAIT_POLICY=passive.
"""

import argparse
import os
from dataclasses import dataclass, replace
from pathlib import Path

from results_ntk import SPECS, Ntk
from results_page import page
from results_score import Score
from results_summary import Scores, line, summary
from rivals.catalogue import RIVALS, takes
from sets.catalogue import SETS
from sets.split import Split, split

METHODS = ["tune", "fit", *RIVALS]
# Splits 0 to 9, and 100 to 109, are those that settings were looked for with.
FIRST_SEED = 200


def main() -> None:
    """Score every set, split and method that is not yet scored, and write the page."""
    options = arguments()
    names, methods = options.sets.split(","), options.methods.split(",")
    seeds = range(options.first_seed, options.first_seed + options.splits)
    comparison = Comparison(options, Ntk(options.ntk), methods, seeds)
    scores: Scores = {name: comparison.scores(name) for name in names}
    print(summary(scores))
    if options.out:
        options.out.write_text(page(scores, comparison.sizes(names), comparison.ntk.version, seeds))
        print(f"{options.out}: written")


def arguments() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--ntk", required=True, help="the command to compare; words may be quoted")
    parser.add_argument("--work", type=Path, required=True, help="folder for splits and their scores")
    parser.add_argument("--wheels", type=Path, help="folder of the sets; by default, sets in the work folder")
    parser.add_argument("--out", type=Path, help="the page to write; none is written without")
    parser.add_argument("--sets", default=",".join(SETS), help="names with commas between them")
    parser.add_argument("--methods", default=",".join(METHODS), help="names with commas between them")
    parser.add_argument("--again", default="", help="methods whose scores of earlier are not taken")
    parser.add_argument("--splits", type=int, default=3, help="how many, each with a seed of its own")
    parser.add_argument("--first-seed", type=int, default=FIRST_SEED, help=f"by default, {FIRST_SEED}")
    return parser.parse_args()


@dataclass(frozen=True)
class Comparison:
    """All methods on the same splits; what is scored is kept.

    options: of the command line.
    seeds: one for each split.
    """

    options: argparse.Namespace
    ntk: Ntk
    methods: list[str]
    seeds: range

    def scores(self, name: str) -> dict[str, list[Score]]:
        """One set: by method, a score for each split."""
        chosen = SETS[name]
        table = chosen.load(self._wheels)
        methods = [one for one in self.methods if takes(one, len(table), classes=chosen.classes)]
        found: dict[str, list[Score]] = {method: [] for method in methods}
        for seed in self.seeds:
            rows = split(chosen, table, seed)
            for method, scores in found.items():
                scores.append(self._score(name, rows, method))
        print(line(name, found), flush=True)
        return found

    def sizes(self, names: list[str]) -> dict[str, tuple[int, int]]:
        """Rows and features of every set."""
        tables = {name: split(SETS[name], SETS[name].load(self._wheels), self.seeds[0]) for name in names}
        return {name: (len(rows.train) + len(rows.test), len(rows.features)) for name, rows in tables.items()}

    @property
    def _wheels(self) -> Path:
        return Path(self.options.wheels or self.options.work / "sets")

    def _score(self, name: str, rows: Split, method: str) -> Score:
        folder = self.options.work / "scores" / name / str(rows.seed)
        path = folder / f"{method}.json"
        if path.exists() and method not in self.options.again.split(","):
            return Score.read(path)
        folder.mkdir(parents=True, exist_ok=True)
        before = _processor_seconds()
        score = self.ntk.score(rows, folder, method) if method in SPECS else RIVALS[method](rows)
        score = replace(score, processor_seconds=_processor_seconds() - before)
        score.write(path)
        return score


def _processor_seconds() -> float:
    """Of this process, and of those that it waited for."""
    found = os.times()
    return found.user + found.system + found.children_user + found.children_system


if __name__ == "__main__":
    main()
