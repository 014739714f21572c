"""What a command is asked to do with a spec."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from ntkcli.cluster import WAIT_SECONDS
from ntkcli.journal import Journal
from ntkcli.runs.depfile import depfile
from ntkcli.runs.lock import Patience
from ntkcli.spec.file import SpecFile, read_spec
from ntkcli.spec.setting import Setting


@dataclass(frozen=True)
class Request:
    """A spec, and what the command line has beside it.

    path: the YAML spec; `-` is standard input.
    settings: keys that it has on the command line.
    place: the directory of the results, instead of what follows from output.dir.
    scheduler: of a cluster, instead of the spec's compute.scheduler.
    wait: seconds for what is in use or not there yet; None for what is usual of each.
    depfile: where the rule for Make is written, if anywhere.
    resume: whether what is finished is kept for a later call, and what an earlier one has kept is used.
    """

    path: Path
    settings: tuple[Setting, ...] = ()
    place: Path | None = None
    scheduler: str | None = None
    wait: float | None = None
    depfile: Path | None = None
    resume: bool = False

    @property
    def patience(self) -> float:
        """Seconds for which a cluster may have no worker."""
        return WAIT_SECONDS if self.wait is None else self.wait

    def patience_for_place(self, journal: Journal) -> Patience:
        """How long another run may be writing the run directory, which a journal is told."""
        return Patience(self.wait or 0.0, journal.tell)

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

    def depending(self, source: SpecFile, target: Path) -> AbstractContextManager[None]:
        """Write the rule for Make when the `with` block succeeds, if one is asked for.

        Args:
            source: the spec, as it was read.
            target: the file that says that the results are complete.

        Raises:
            NtkError: the file cannot be written.
        """
        return depfile(self.depfile, target, source.inputs)
