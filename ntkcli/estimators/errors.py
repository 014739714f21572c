"""Errors of estimators: those of the command line, in words of parameters and as ValueErrors."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from ntkcli.errors import DataError, NtkError, NumericalError, SpecError

SECTIONS = re.compile(r"\b(?:data|network|inference|output|compute)\.(?=[a-z])")


class InvalidValueError(NtkError, ValueError):
    """A parameter or the data is not what it should be, or the mathematics has no answer for them."""


@contextmanager
def value_errors() -> Iterator[None]:
    """Raise what is wrong with parameters and data in the `with` block as a ValueError.

    Raises:
        InvalidValueError: in place of a SpecError, a DataError or a NumericalError.
    """
    try:
        yield
    except (SpecError, DataError, NumericalError) as error:
        found = InvalidValueError(in_words_of_parameters(str(error)))
        found.exit_code = error.exit_code
        raise found from error


def in_words_of_parameters(text: str) -> str:
    """Return a message with keys of a spec as parameters: without the names of their sections."""
    return SECTIONS.sub("", text)
