from collections.abc import Iterator

import pytest

from ntkcli.files.watch import unwatched, watch_with


@pytest.fixture
def seen() -> Iterator[list[tuple[str, str]]]:
    """The changes that are told, and the names of what they are made to."""
    changes: list[tuple[str, str]] = []
    watch_with(lambda change, path: changes.append((change, path.name)))
    yield changes
    watch_with(unwatched)
