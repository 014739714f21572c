"""What holds however a command ends, and that numbers were read as pandas reads them."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from ntkcli.errors import SpecError
from ntkcli.spec.file import read_spec
from tests.reliability.child import Outcome
from tests.reliability.fuzz_case import Case

LIMIT_SECONDS = 10.0
CODES = {0, 2, 3, 4, 5, 6}
# A scaled number that is scaled back is rounded three times, relative to its column's largest.
ROUNDING = 8 * np.finfo(float).eps
# What commands make where they succeed.
MADE = {
    "fit": ("run", "run.json"),
    "kernel": ("run", "run.json"),
    "predict": ("out.csv", ""),
    "init": ("new.yaml", ""),
}


def files_below(folder: Path) -> set[str]:
    """Return the files and folders below one, relative to it."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def faults(case: Case, outcome: Outcome, folder: Path, before: set[str]) -> Iterator[str]:
    """Yield what is wrong with how a command ended.

    Args:
        case: its words.
        outcome: how it ended.
        folder: that it ran in.
        before: the files that were in it.
    """
    if outcome.code is None:
        yield f"hangs: killed after {LIMIT_SECONDS:g} s"
        return
    if outcome.code not in CODES:
        yield f"ends with {outcome.code}"
    if "Traceback" in outcome.stderr:
        yield "traceback"
    lines = [line for line in outcome.stderr.split("\n") if line]
    if any(not line.startswith("ntk: ") for line in lines):
        yield "says what is no message"
    if outcome.code and not any(line.startswith("ntk: error: ") for line in lines):
        yield "fails without an error message"
    yield from _left_over(case, outcome, folder, files_below(folder) - before)


def _left_over(case: Case, outcome: Outcome, folder: Path, new: set[str]) -> Iterator[str]:
    """Yield what is half written."""
    hidden = [name for name in new if any(part.startswith(".") for part in Path(name).parts)]
    if hidden:
        yield f"leaves {hidden[0]}"
    if case.command not in MADE:
        # A search keeps its trials, and lets go on from them.
        if new and case.command != "tune":
            yield f"makes {min(new)}"
        return
    place, mark = MADE[case.command]
    made = {place, *_caches(folder)}
    if others := [name for name in new if name.split("/")[0] not in made]:
        yield f"makes {min(others)}"
    if outcome.code == 0 and not (folder / place / mark).exists():
        yield f"succeeds without {place}"
    if outcome.code and (folder / place).exists():
        yield f"fails and leaves {place}"


def _caches(folder: Path) -> Iterator[str]:
    """Yield the name of the folder that a mutated spec has Gram matrices kept in."""
    try:
        cache = read_spec(folder / "spec.yaml").spec.compute.cache
    except SpecError:
        return
    if cache is not None and cache.is_relative_to(folder):
        yield from cache.relative_to(folder).parts[:1]


def compared(case: Case, folder: Path) -> Iterator[str]:
    """Compare the training rows of a fitted model with pandas' reading of the same file, as far as that goes.

    Yields:
        A fault, or an empty text for a column that is the same.
    """
    model = folder / "run" / "model"
    # Another form of the table is there only where it is what the spec names.
    others = [path for path in folder.glob("train.*") if path.name != "train.csv"]
    source = others[0] if others else folder / "train.csv"
    arrays = {name: model / f"{name}.npy" for name in ("x_train", "features_mean", "features_scale")}
    if case.command != "fit" or not source.exists() or not all(path.exists() for path in arrays.values()):
        return
    try:
        frame = _read(source)
    except (ValueError, OSError, EOFError, pd.errors.ParserError):
        return
    x, mean, scale = (np.load(path) for path in arrays.values())
    features = json.loads((model / "model.json").read_bytes())["data"]["features"]
    if len(frame) != len(x) or any(feature["kind"] != "number" for feature in features):
        return
    for column, feature in enumerate(features):
        name = feature["name"]
        if name not in frame or frame[name].dtype.kind not in "fiu":
            continue
        expected = frame[name].to_numpy(float)
        found = x[:, column] * scale[column] + mean[column]
        if not np.isfinite(expected).all():
            continue
        bound = ROUNDING * (np.abs(expected).max() + abs(mean[column]))
        same = np.abs(found - expected).max() <= bound
        yield "" if same else f"column {name!r} is not as pandas reads it"


def _read(path: Path) -> pd.DataFrame:
    """Read a table as pandas does."""
    if path.suffix == ".feather":
        return pd.read_feather(path)
    if path.suffix == ".parquet":
        return pd.read_parquet(path)
    return pd.read_csv(path, encoding_errors="strict")
