"""What a command is asked to do with a spec."""

from dataclasses import dataclass
from pathlib import Path

from ntkcli.cluster import WAIT_SECONDS
from ntkcli.spec.file import SpecFile, read_spec
from ntkcli.spec.setting import Setting


@dataclass(frozen=True)
class Request:
    """A spec, and what the command line has beside it.

    path: the YAML spec; `-` is standard input.
    settings: keys that it has on the command line.
    place: the directory of the results, instead of what follows from output.dir.
    scheduler: of a cluster, instead of the spec's compute.scheduler.
    patience: seconds for which a cluster may have no worker.
    """

    path: Path
    settings: tuple[Setting, ...] = ()
    place: Path | None = None
    scheduler: str | None = None
    patience: float = WAIT_SECONDS

    def spec_file(self) -> SpecFile:
        """Read the spec, whose run directory and scheduler are its own.

        Raises:
            SpecError: the file cannot be read, or is not a valid spec.
        """
        return read_spec(self.path, self.settings)

    def spec_file_of_run(self) -> SpecFile:
        """Read the spec, with the run directory and the scheduler of the command line.

        Raises:
            SpecError: the file cannot be read, or is not a valid spec.
        """
        return self.spec_file().with_place(self.place).with_scheduler(self.scheduler)
