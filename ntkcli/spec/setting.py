"""A setting: one key of a spec, set by the command line."""

import reprlib
from dataclasses import dataclass
from pathlib import Path

import yaml

from ntkcli.errors import SpecError
from ntkcli.spec.layer import Layer
from ntkcli.spec.yaml_document import (
    KEY_ALIASES,
    MOST_LEVELS,
    TOO_DEEP,
    Document,
    DocumentError,
    KeyPath,
)

# Its keys are paths themselves.
SPACE = ("tune", "space")


@dataclass(frozen=True)
class Setting:
    """A key of a spec and what it is to be.

    text: as it was given, `KEY=VALUE`: the key's path with dots, and its value as a spec would have it.
    """

    text: str

    def layer(self) -> Layer:
        """Return what the setting says, as a part of a spec; a path in it starts from the working directory.

        Raises:
            SpecError: there is no `=`, no key, or the value is not YAML.
        """
        key, sign, value = self.text.partition("=")
        path = tuple(KEY_ALIASES.get(part.strip(), part.strip()) for part in key.split("."))
        if not sign or not all(path):
            raise SpecError(f"{self}: should be KEY=VALUE, such as network.depth=4")
        if len(path) > MOST_LEVELS:
            raise SpecError(f"{self}: {TOO_DEEP}")
        try:
            document = Document(value, inside=_in_space(path))
        except DocumentError as error:
            raise SpecError(f"{self}: {error.what}") from error
        except yaml.reader.ReaderError as error:
            what = f"it holds the character {chr(int(error.character))!r}"
            raise SpecError(f"{self}: the value is not valid YAML: {what}: leave it out") from error
        except yaml.YAMLError as error:
            what = getattr(error, "problem", None) or str(error)
            raise SpecError(f"{self}: the value is not valid YAML: {what}: put it in quotes") from error
        return Layer(str(self), Path(), document)

    def __str__(self) -> str:
        plain = len(self.text) < 80 and self.text.isprintable()
        return f"--set {self.text if plain else reprlib.repr(self.text)}"


def _in_space(path: KeyPath) -> KeyPath:
    """Return a path whose part below tune.space is one key, as `network.depth` is there."""
    within = len(SPACE)
    if path[:within] != SPACE or len(path) == within:
        return path
    return (*SPACE, ".".join(map(str, path[within:])))
