"""Errors of estimators: those of the command line, in words of parameters and as ValueErrors."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from ntkcli.errors import DataError, NtkError, NumericalError, ResourceError, RunDirectoryError, SpecError

SECTIONS = re.compile(r"\b(?:data|network|inference|output|compute)\.(?=[a-z])")
# What has another name here than on the command line, or is not there.
OTHER_NAMES = {
    "set task: regression": "use NTKRegressor",
    "--overwrite": "overwrite=True",
    "another --out": "another path",
    "elsewhere with --out": "to another path",
    ", or give --wait 10m": "",
}


class InvalidValueError(NtkError, ValueError):
    """A parameter or the data is not what it should be, or the mathematics has no answer for them."""


@contextmanager
def value_errors() -> Iterator[None]:
    """Raise what is wrong with parameters and data in the `with` block as a ValueError.

    Raises:
        InvalidValueError: in place of a SpecError, a DataError or a NumericalError.
        ResourceError, RunDirectoryError: as they are, in words of parameters.
    """
    try:
        yield
    except (SpecError, DataError, NumericalError) as error:
        found = InvalidValueError(in_words_of_parameters(str(error)))
        found.exit_code = error.exit_code
        raise found from error
    except (ResourceError, RunDirectoryError) as error:
        raise type(error)(in_words_of_parameters(str(error))) from error


def in_words_of_parameters(text: str) -> str:
    """Return a message with keys of a spec as parameters: without the names of their sections."""
    text = SECTIONS.sub("", text)
    for name, other in OTHER_NAMES.items():
        text = text.replace(name, other)
    return text
