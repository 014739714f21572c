"""What can go wrong, each kind with the exit code that `ntk` ends with."""


class NtkError(Exception):
    """Anything that ends a command with one clear message; `exit_code` is the shell's."""

    exit_code = 1


class SpecError(NtkError):
    """The command line or the spec asks for something that cannot be."""

    exit_code = 2


class DataError(NtkError):
    """A CSV file is missing, unreadable, or not what the spec says."""

    exit_code = 3


class NumericalError(NtkError):
    """The mathematics has no (trustworthy) answer: a singular matrix, an overflow."""

    exit_code = 4


class ResourceError(NtkError):
    """Not enough memory, disk or workers for the job."""

    exit_code = 5


class RunDirectoryError(NtkError):
    """The output directory is already there, in use, or cannot be written."""

    exit_code = 6
