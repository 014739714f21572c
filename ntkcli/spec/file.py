"""Spec files: read from YAML with every fault at its line, and written with every default filled in."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import yaml
from pydantic import ValidationError

from ntkcli.errors import SpecError
from ntkcli.spec.extended import file_layers
from ntkcli.spec.faults import fault_lines
from ntkcli.spec.layer import Layers
from ntkcli.spec.path import seen_path
from ntkcli.spec.setting import Setting
from ntkcli.spec.spec import ComputeSpec, Spec
from ntkcli.streams import STANDARD

# Keys whose values may be paths.
PATHS = (
    *(("data", "train"), ("data", "test"), ("output", "dir")),
    *(("compute", "scheduler"), ("compute", "cache")),
)


@dataclass(frozen=True)
class SpecFile:
    """A spec and the file that it was read from.

    path: of the file; `-` is standard input.
    sha256: of the file's bytes, as they were read.
    spec: its content.
    warnings: about keys by names that they no longer have.
    bases: the paths of the files that it extends, the lowest first, and the SHA-256 of their bytes.
    settings: the keys that the command line set.
    """

    path: Path
    sha256: str
    spec: Spec
    warnings: tuple[str, ...] = ()
    bases: tuple[tuple[Path, str], ...] = ()
    settings: tuple[Setting, ...] = ()

    @property
    def exact(self) -> "SpecFile":
        """This spec without an approximation."""
        inference = self.spec.inference.model_copy(update={"approximation": None})
        return replace(self, spec=self.spec.model_copy(update={"inference": inference}))

    @property
    def inputs(self) -> list[Path]:
        """What a run is made from: the spec, the files that it extends, and the data."""
        return [self.path, *(path for path, _ in self.bases), *self.spec.data.files]

    def with_place(self, place: Path | None) -> "SpecFile":
        """Return this spec with a run directory of the command line, if there is one."""
        return self if place is None else replace(self, spec=_with_place(self.spec, place))

    def with_scheduler(self, scheduler: str | None) -> "SpecFile":
        """Return this spec with a scheduler of the command line, if there is one.

        Raises:
            SpecError: it is not what compute.scheduler may be.
        """
        if scheduler is None:
            return self
        try:
            compute = ComputeSpec.model_validate(self.spec.compute.model_dump() | {"scheduler": scheduler})
        except ValidationError as error:
            raise SpecError(f"--scheduler: {error.errors()[0]['ctx']['error']}") from error
        return replace(self, spec=self.spec.model_copy(update={"compute": compute}))


def read_spec(path: Path, settings: Sequence[Setting] = ()) -> SpecFile:
    """Read and validate a spec file; relative paths in it start from its folder.

    Without output.dir, the run directory of NAME.yaml is runs/NAME beside it. Of a file that extends another,
    each key of a section counts instead of the other's.

    Args:
        path: the YAML file; `-` is standard input, whose paths start from the working directory.
        settings: of the command line, which count instead of what the file says; the last of one key counts.

    Raises:
        SpecError: the file cannot be read or is not a valid spec; the message has one line for every fault,
            or for the first few dozen, as `file:line: key.path: what is wrong`.
    """
    files = file_layers(path)
    layers = Layers([*files, *(setting.layer() for setting in settings)], main=files[-1])
    folders = {key[-1]: layers.place(key)[0].folder for key in PATHS}
    spec, error = None, None
    try:
        spec = Spec.model_validate(layers.values(), context=folders)
    except ValidationError as failure:
        error = failure
    faults = [*fault_lines(layers, error)]
    if spec is None or faults:
        raise SpecError("\n".join(faults)) from error
    name = path.stem if path != STANDARD else "stdin"
    spec = _with_place(spec, spec.output.dir or seen_path(path.parent, Path("runs", name)))
    warnings = tuple(
        f"{layer.at(line)}: {what}" for layer in layers for line, what in layer.document.warnings
    )
    *bases, main = [(Path(layer.origin), layer.sha256) for layer in files]
    return SpecFile(*main, spec, warnings, tuple(bases), tuple(settings))


def _with_place(spec: Spec, place: Path) -> Spec:
    return spec.model_copy(update={"output": spec.output.model_copy(update={"dir": place})})


def spec_text(spec: Spec, *, home: Path) -> str:
    """Return a spec as YAML, with every default filled in.

    Args:
        spec: to write.
        home: the folder that paths in it are relative to: that of the file.
    """
    values = spec.model_dump()
    for section in ("tune", "simulate"):
        if values[section] is None:
            del values[section]
    for section, key in PATHS:
        if isinstance(values[section][key], Path):
            values[section][key] = os.path.relpath(values[section][key], home)
    return yaml.safe_dump(values, sort_keys=False, allow_unicode=True)
