"""A path in a spec, as it stands seen from the working directory."""

import os
from contextlib import suppress
from pathlib import Path


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
