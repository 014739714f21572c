"""A case: files of which some are mutated, a command that reads them, and what is wrong with its end."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Literal

from tests.reliability.byte_mutations import mutated_bytes
from tests.reliability.fuzz_base import FITTED, SPECS
from tests.reliability.model_mutations import mutate_run
from tests.reliability.spec_mutations import mutated_spec
from tests.reliability.table_mutations import compressed, mutated_csv

Kind = Literal["spec", "table", "model"]
KINDS: tuple[Kind, ...] = ("spec", "table", "model")
OF_SPECS = ("fit", "fit", "check", "check", "kernel", "tune", "network")
OF_RUNS = ("predict", "predict", "predict", "evaluate", "evaluate", "show", "ls", "compare")


@dataclass(frozen=True)
class Case:
    """A mutation and a command.

    kind: of what was mutated.
    words: of the command line.
    """

    kind: Kind
    words: Sequence[str]

    @property
    def command(self) -> str:
        """The name of the command."""
        return self.words[0]


def make_case(rng: Random, base: Path, folder: Path) -> Case:
    """Write the files of a case into a folder, which is made.

    Args:
        rng: draws what is mutated, and how.
        base: the folder with what mutations begin with.
        folder: of the case.
    """
    kind = rng.choice(KINDS)
    folder.mkdir()
    for name in ("train.csv", "test.csv"):
        shutil.copy(base / name, folder / name)
    match kind:
        case "spec":
            return Case(kind, _spec_case(rng, folder))
        case "table":
            return Case(kind, _table_case(rng, base, folder))
        case "model":
            return Case(kind, _model_case(rng, base, folder))


def _spec_case(rng: Random, folder: Path) -> Sequence[str]:
    name = rng.choice(list(SPECS))
    (folder / "other.yaml").write_bytes(mutated_spec(rng, SPECS[name]))
    (folder / "spec.yaml").write_bytes(mutated_spec(rng, SPECS[name]))
    if rng.random() < 0.1:
        (folder / "spec.yaml").write_text("extends: other.yaml\n")
    return _on_spec(rng, "tune" if name == "search" and rng.random() < 0.7 else rng.choice(OF_SPECS))


def _on_spec(rng: Random, command: str) -> Sequence[str]:
    out = () if command in ("check", "network") else ("--out", "run")
    quiet = ("--quiet",) if out and rng.random() < 0.5 else ()
    return (command, "spec.yaml", *out, *quiet)


def _table_case(rng: Random, base: Path, folder: Path) -> Sequence[str]:
    command = rng.choice(["fit", "fit", "fit", "check", "init", "predict", "evaluate", "tune"])
    changed = "test" if command in ("predict", "evaluate") or rng.random() < 0.2 else "train"
    name = _mutate_table(rng, base, folder, changed)
    if command in ("predict", "evaluate"):
        run = f"run_{rng.choice(FITTED)}"
        shutil.copytree(base / run, folder / run)
        return (command, run, name, *(("--out", "out.csv") if command == "predict" else ()))
    if command == "init":
        return ("init", name, *rng.choice([(), ("y",), ("g",), ("nowhere",)]), "--out", "new.yaml")
    spec = "search" if command == "tune" else rng.choice(["plain", "classes", "by_hand", "approximate"])
    text = (base / f"{spec}.yaml").read_text().replace(f"{changed}.csv", name)
    (folder / "spec.yaml").write_text(text)
    return _on_spec(rng, command)


def _mutate_table(rng: Random, base: Path, folder: Path, name: str) -> str:
    """Write a mutated table; return the name of its file."""
    if rng.random() < 0.15:
        file = f"{name}.{rng.choice(['parquet', 'feather'])}"
        (folder / file).write_bytes(mutated_bytes(rng, (base / file).read_bytes()))
        return file
    file, data = f"{name}.csv", mutated_csv(rng, (base / f"{name}.csv").read_bytes())
    if rng.random() < 0.05:
        suffix, data = compressed(rng, data)
        file += suffix
    (folder / file).write_bytes(data)
    return file


def _model_case(rng: Random, base: Path, folder: Path) -> Sequence[str]:
    run = f"run_{rng.choice(FITTED)}"
    shutil.copytree(base / run, folder / run)
    mutate_run(rng, folder / run)
    match rng.choice(OF_RUNS):
        case "predict":
            std = rng.choice([(), ("--std",), ("--no-std",)])
            return ("predict", run, "test.csv", "--out", "out.csv", *std)
        case "evaluate":
            return ("evaluate", run, "test.csv", *rng.choice([(), ("--importance",), ("--json",)]))
        case "compare":
            shutil.copytree(base / run, folder / "other")
            return ("compare", *rng.sample([run, "other"], 2))
        case "ls":
            return ("ls", ".", *rng.choice([(), ("--json",)]))
    return ("show", run, *rng.choice([(), ("--json",)]))
