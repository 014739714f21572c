"""The tables and the specs that the scenarios read."""

import random
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
  time: 1.0
compute:
  threads: 1
"""
KERNELS = "output:\n  kernels: [ntk_train_train]\n"
GRID = "tune:\n  space:\n    network.depth: [1, 2]\n    inference.ridge: [0.1, 0.01]\n"
DRAWN = """\
tune:
  search: {search}
  trials: 2
  space:
    network.sigma_b: {{low: 0.01, high: 1.0}}
"""
SIMULATE = "simulate:\n  widths: [4, 8]\n  seeds: 1\n  rows: 4\n"
DEEPER = ("depth: 1", "depth: 2")
SPECS = {
    "spec": SPEC + KERNELS,
    "other": SPEC.replace(*DEEPER) + KERNELS,
    "cached": SPEC + "  cache: cache\n",
    "pcg": SPEC.replace(*DEEPER).replace("time: 1.0", "time: inf") + "  solver: pcg\n",
    "nystrom": SPEC.replace("inference:", "inference:\n  approximation: {method: nystrom, centres: 10}"),
    "grid": SPEC + GRID,
    "other_grid": SPEC + GRID.replace("[1, 2]", "[2, 3]"),
    "random": SPEC + DRAWN.format(search="random"),
    "tpe": SPEC + DRAWN.format(search="tpe"),
    "simulate": SPEC + SIMULATE,
    "other_simulate": SPEC.replace(*DEEPER) + SIMULATE,
}


def write_inputs(folder: Path) -> None:
    """Write the tables and the specs."""
    draw = random.Random(0)
    for name, rows in (("train.csv", 30), ("test.csv", 8)):
        pairs = [(draw.random(), draw.random()) for _ in range(rows)]
        lines = [f"{a:.4f},{b:.4f},{a * b + a:.4f}\n" for a, b in pairs]
        (folder / name).write_text("a,b,y\n" + "".join(lines), encoding="utf-8")
    for name, text in SPECS.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
