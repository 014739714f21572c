"""`ntk tune` beside scikit-learn on sets of the UCI repository: `make results` writes docs/results.md."""

import argparse
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import uci
from results_page import METHODS, Scores, page
from results_score import Score
from results_tune import Tune
from rivals import RIVALS, SEARCH_ROWS

# The recipe in results_tune.py was found while looking at splits 0 to 9; these are others.
FIRST_SEED = 100


def main() -> None:
    """Score every set, split and method that is not yet scored, and write the page."""
    options = arguments()
    names = options.sets.split(",")
    comparison = Comparison(options.work / "scores", Tune(options.ntk.absolute()), options.splits)
    tables = {name: uci.load(name, options.wheel or options.work / uci.WHEEL) for name in names}
    scores: Scores = {name: comparison.scores(name, table) for name, table in tables.items()}
    sizes = {name: (len(table), table.shape[1] - 1) for name, table in tables.items()}
    options.out.write_text(page(scores, sizes, comparison.tune.version, SEARCH_ROWS, comparison.seeds))
    print(f"{options.out}: written")


def arguments() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ntk", type=Path, required=True, help="the command to compare")
    parser.add_argument("--work", type=Path, required=True, help="folder for splits and their scores")
    parser.add_argument("--out", type=Path, required=True, help="the page to write")
    parser.add_argument("--wheel", type=Path, help=f"the sets; by default, {uci.WHEEL} in the work folder")
    parser.add_argument("--sets", default=",".join(uci.SETS), help="names with commas between them")
    parser.add_argument("--splits", type=int, default=10, help=f"how many, from seed {FIRST_SEED}")
    return parser.parse_args()


@dataclass(frozen=True)
class Comparison:
    """All methods on the same splits; what is scored is kept.

    folder: of the scores, and of the files that `ntk` reads and writes.
    splits: how many, one for each seed from FIRST_SEED on.
    """

    folder: Path
    tune: Tune
    splits: int

    @property
    def seeds(self) -> range:
        """One for each split."""
        return range(FIRST_SEED, FIRST_SEED + self.splits)

    def scores(self, name: str, table: pd.DataFrame) -> dict[str, list[Score]]:
        """One set: by method, a score for each split."""
        found: dict[str, list[Score]] = {method: [] for method in METHODS}
        for seed in self.seeds:
            for method, scores in found.items():
                scores.append(self._score(name, table, seed, method))
            summary = ", ".join(f"{method} {scores[-1].rmse:.4g}" for method, scores in found.items())
            print(f"{name}, split {seed}: {summary}", flush=True)
        return found

    def _score(self, name: str, table: pd.DataFrame, seed: int, method: str) -> Score:
        folder = self.folder / name / str(seed)
        path = folder / f"{method}.json"
        if path.exists():
            return Score.read(path)
        folder.mkdir(parents=True, exist_ok=True)
        train, test = uci.split(table, seed)
        rival = RIVALS.get(method)
        score = rival(train, test, seed) if rival else self.tune.score(train, test, folder)
        score.write(path)
        return score


if __name__ == "__main__":
    main()
