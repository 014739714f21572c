"""Spec files: read from YAML with every fault at its line, and written with every default filled in."""

import hashlib
import os
from dataclasses import dataclass, replace
from pathlib import Path

import yaml
from pydantic import ValidationError

from ntkcli.errors import SpecError
from ntkcli.spec.faults import fault_lines, validation_faults, yaml_fault
from ntkcli.spec.path import seen_path
from ntkcli.spec.spec import ComputeSpec, Spec
from ntkcli.spec.yaml_document import Document, DocumentError

# Keys whose values may be paths.
PATHS = (("data", "train"), ("data", "test"), ("output", "dir"), ("compute", "scheduler"))


@dataclass(frozen=True)
class SpecFile:
    """A spec and the file that it was read from.

    path: of the file.
    sha256: of the file's bytes, as they were read.
    spec: its content.
    warnings: about keys by names that they no longer have.
    """

    path: Path
    sha256: str
    spec: Spec
    warnings: tuple[str, ...] = ()

    @property
    def exact(self) -> "SpecFile":
        """This spec without an approximation."""
        inference = self.spec.inference.model_copy(update={"approximation": None})
        return replace(self, spec=self.spec.model_copy(update={"inference": inference}))

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


def read_spec(path: Path) -> SpecFile:
    """Read and validate a spec file; relative paths in it start from its folder.

    Without output.dir, the run directory of NAME.yaml is runs/NAME beside it.

    Args:
        path: the YAML file.

    Raises:
        SpecError: the file cannot be read or is not a valid spec; the message has one line for every fault,
            or for the first few dozen, as `file:line: key.path: what is wrong`.
    """
    source = _read(path)
    try:
        text = source.decode("utf-8-sig")
        document = Document(text)
    except UnicodeDecodeError as error:
        line = source.count(b"\n", 0, error.start) + 1
        raise SpecError(f"{path}:{line}: is not UTF-8 text: save the file as UTF-8") from error
    except DocumentError as error:
        raise SpecError(f"{path}:{error}") from error
    except yaml.YAMLError as error:
        raise SpecError(yaml_fault(path, text, error)) from error
    faults = [*document.faults]
    try:
        spec = Spec.model_validate(document.values, context={"folder": path.parent})
    except ValidationError as error:
        faults += validation_faults(document, error)
    if faults:
        raise SpecError("\n".join(fault_lines(path, faults)))
    spec = _with_place(spec, spec.output.dir or seen_path(path.parent, Path("runs", path.stem)))
    warnings = tuple(f"{path}:{line}: {what}" for line, what in document.warnings)
    return SpecFile(path, hashlib.sha256(source).hexdigest(), spec, warnings)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SpecError(f"{path}: cannot read the spec: {error.strerror}: check the path") from error


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
