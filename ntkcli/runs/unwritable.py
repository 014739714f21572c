"""The error of a place that cannot be written."""

from pathlib import Path

from ntkcli.address_space import OUT_OF_MEMORY, is_out_of_memory
from ntkcli.errors import NtkError, ResourceError, RunDirectoryError
from ntkcli.files.disk import lack_of_space


def unwritable(place: Path, error: OSError, option: str = "--out") -> NtkError:
    """Return the error to raise for a place that cannot be written: ResourceError if space or memory is out.

    Args:
        place: where that was.
        error: of the system.
        option: of the command line that names the place.
    """
    if lack := lack_of_space(error):
        return ResourceError(f"{place}: {lack}, or write elsewhere with {option}")
    if is_out_of_memory(error):
        return ResourceError(OUT_OF_MEMORY)
    return RunDirectoryError(
        f"{place}: cannot be written: {error.strerror or error}: choose another {option}"
    )
