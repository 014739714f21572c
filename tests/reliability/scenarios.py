"""Commands that are killed, what is there before each, and what of it may be unfinished."""

import json
import random
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

SPEC = """\
data:
  train: train.csv
  test: test.csv
  target: y
network:
  depth: 1
inference:
  ridge: 0.01
compute:
  threads: 1
output:
  kernels: [ntk_train_train]
"""
GRID = "tune:\n  space:\n    network.depth: [1, 2]\n    inference.ridge: [0.1, 0.01]\n"
RANDOM = """\
tune:
  search: random
  trials: 3
  space:
    network.sigma_b: {low: 0.01, high: 1.0}
"""
SIMULATE = "simulate:\n  widths: [4, 8]\n  seeds: 2\n  rows: 8\n"
# Files that a killed command may leave beside what it writes, and the next one deletes.
LEFTOVER = re.compile(r"\.ntk-|(^|/)\.partial-|-journal$")

# What a search goes on with.
UNFINISHED_SEARCH = re.compile(r"run/(study\.db|trials\.csv|trials\.jsonl)$")


@dataclass(frozen=True)
class Scenario:
    """A command that is killed.

    words: of the command line, behind `ntk`.
    before: command lines that make what is there.
    unfinished: what the files are called with which a command goes on; None for one that begins again.
    """

    words: str
    before: tuple[str, ...] = ()
    unfinished: re.Pattern[str] | None = None


SCENARIOS = {
    "fit": Scenario("fit spec.yaml --out run"),
    "fit --overwrite": Scenario("fit spec.yaml --out run --overwrite", ("fit other.yaml --out run",)),
    "kernel --overwrite": Scenario(
        "kernel spec.yaml --out run --overwrite", ("kernel other.yaml --out run",)
    ),
    "tune, grid": Scenario("tune grid.yaml --out run", (), UNFINISHED_SEARCH),
    "tune, random": Scenario("tune random.yaml --out run", (), UNFINISHED_SEARCH),
    "predict --out": Scenario("predict fitted test.csv --out p.csv", ("fit spec.yaml --out fitted",)),
    "predict --overwrite": Scenario(
        "predict fitted test.csv --out p.csv --overwrite",
        ("fit spec.yaml --out fitted", "predict fitted train.csv --out p.csv"),
    ),
    "simulate": Scenario("simulate simulate.yaml --out run", (), re.compile(r"run/networks(/|$)")),
}


def write_inputs(folder: Path) -> None:
    """Write the tables and the specs that the scenarios read."""
    draw = random.Random(0)
    for name, rows in (("train.csv", 30), ("test.csv", 8)):
        pairs = [(draw.random(), draw.random()) for _ in range(rows)]
        lines = [f"{a:.4f},{b:.4f},{a * b + a:.4f}\n" for a, b in pairs]
        (folder / name).write_text("a,b,y\n" + "".join(lines), encoding="utf-8")
    specs = {
        "spec": SPEC,
        "other": SPEC.replace("depth: 1", "depth: 2"),
        "grid": SPEC + GRID,
        "random": SPEC + RANDOM,
        "simulate": SPEC.replace("output:\n  kernels: [ntk_train_train]\n", "") + SIMULATE,
    }
    for name, text in specs.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")


def contents(folder: Path) -> dict[str, bytes]:
    """The bytes of all files in a folder by their paths, and of folders nothing; seconds and memory aside."""
    return {
        path.relative_to(folder).as_posix(): b"" if path.is_dir() else _lasting(path)
        for path in sorted(folder.rglob("*"))
    }


def _lasting(path: Path) -> bytes:
    if path.name == "study.db":
        # It has the times of its trials, which trials.csv has without.
        return b""
    data = path.read_bytes()
    if path.name == "trials.csv":
        return b"\n".join(line.rpartition(b",")[0] for line in data.splitlines())
    if path.name == "run.json":
        with suppress(ValueError):  # it is there in part
            return json.dumps(json.loads(data) | {"seconds": 0, "peak_memory_bytes": 0}).encode()
    return data


def load() -> None:
    """Import all that the scenarios use, while there is one thread."""
    import importlib
    import pkgutil

    import ntkcli.commands

    for module in pkgutil.walk_packages(ntkcli.__path__, "ntkcli."):
        if not module.name.startswith(("ntkcli.estimators", "ntkcli.cluster", "ntkcli.__main__")):
            importlib.import_module(module.name)
