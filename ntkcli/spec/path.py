"""A path in a spec, as it stands seen from the working directory."""

import os
import re
from contextlib import suppress
from pathlib import Path


def meant_path(folder: Path, text: str) -> Path:
    """Return the path that a text in a spec means: `~` is a home, `${NAME}` a variable of the environment.

    Args:
        folder: that relative paths start from.
        text: as it is in the spec.

    Raises:
        ValueError: the text is no path, or names a user or a variable that there is not.
    """
    text = re.sub(r"\$\{([A-Za-z_]\w*)\}", _variable, text)
    if not text:
        raise ValueError("should be a file path, and is empty")
    if "\0" in text:
        raise ValueError("should be a file path: it holds a NUL character")
    # As the system has names, in whatever locale: a spec is UTF-8.
    name = os.fsdecode(text.encode(errors="surrogateescape"))
    try:
        return seen_path(folder, Path(name).expanduser())
    except RuntimeError as error:
        raise ValueError("should be a file path: there is no such user") from error


def _variable(found: re.Match[str]) -> str:
    try:
        return os.environ[found[1]]
    except KeyError as error:
        raise ValueError(f"should be a file path: the variable {found[1]} is not set") from error


def seen_path(folder: Path, path: Path) -> Path:
    """Return the path that a spec in a folder means, in the words that a message has for it.

    An absolute path stays as it was written. Another one starts from the folder; `..` in it are resolved, and
    what is below the working directory is relative to that.

    Args:
        folder: of the spec.
        path: as it is in the spec.
    """
    if path.is_absolute():
        return path
    joined = folder / path
    plain = Path(os.path.normpath(joined))
    # `..` behind a link to a folder leads to where the link leads.
    if os.path.realpath(plain) != os.path.realpath(joined):
        return joined
    with suppress(OSError, ValueError):  # there is no working directory, or the path is elsewhere
        return plain.relative_to(Path.cwd())
    return plain
