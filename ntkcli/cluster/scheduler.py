"""What a Dask scheduler is asked, and what becomes of it when it does not answer."""

import time
from collections.abc import Callable
from concurrent.futures import CancelledError
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ntkcli.cluster.task import VERSIONS, other_versions
from ntkcli.errors import ResourceError
from ntkcli.journal import Journal

if TYPE_CHECKING:
    from distributed import Client

# Seconds in which a scheduler has to answer.
ANSWER_SECONDS = 30.0
# Seconds for which what is known of the workers is taken for true, and between two looks for the first.
FRESH, PAUSE = 1.0, 0.1


@dataclass
class Scheduler:
    """A scheduler that a client is connected to.

    client: the connection.
    name: of the scheduler, in the user's words.
    patience: seconds for which there may be no worker.
    journal: is told when workers are waited for.
    most_workers: the number of workers when there were most.
    """

    client: "Client"
    name: str
    patience: float
    journal: Journal
    most_workers: int = 0
    _workers: dict[str, Any] = field(default_factory=dict)
    _seen: float | None = None
    _lonely_since: float | None = None

    @property
    def workers(self) -> dict[str, Any]:
        """The workers that there are, by address."""
        now = time.monotonic()
        if self._seen is None or now - self._seen >= FRESH:
            self._workers = self.asked(self._questions.identity, n_workers=-1)["workers"]
            self._seen, self.most_workers = now, max(self.most_workers, len(self._workers))
        return self._workers

    def look_for_workers(self) -> None:
        """See whether there is a worker.

        Raises:
            ResourceError: there has been none for too long, or the scheduler is lost.
        """
        now = time.monotonic()
        if self.workers:
            self._lonely_since = None
        elif self._lonely_since is None:
            self._lonely_since = now
            self.journal.tell(f"{self.name} has no worker: waiting for one")
        elif now - self._lonely_since >= self.patience:
            raise ResourceError(
                f"{self.name} has had no worker for {self.patience:g} s: start some with `dask worker`, "
                "and run this again"
            )

    def wait_for_worker(self) -> None:
        """Wait until there is a worker, and see that all compute as this process does.

        Raises:
            ResourceError: there is none for too long, or one has other versions.
        """
        while not self.workers:
            self.look_for_workers()
            self._seen = None
            time.sleep(PAUSE)
        self._lonely_since = None
        found = self.asked(self.client._get_versions, packages=[*VERSIONS])
        for address, worker in found["workers"].items():
            if others := other_versions(worker["packages"], found["client"]["packages"]):
                raise ResourceError(f"the worker {address} {others}")

    def retries(self, name: str) -> int | None:
        """How many tasks were given to a worker once more, as the first was lost; None if nobody knows.

        Args:
            name: in the tasks' keys.
        """
        try:
            events = self.asked(self._questions.events, topic="all")
        except ResourceError:
            # The work is done, and its results are not to be lost with the scheduler.
            return None
        losses = [event for _, event in events if event.get("action") == "remove-worker"]
        lost = [{*event["processing-tasks"], *event["lost-computed-tasks"]} for event in losses]
        return sum(name in str(key) for keys in lost for key in keys)

    @property
    def _questions(self) -> Any:
        """What a scheduler answers, as methods."""
        if self.client.scheduler is None:
            raise self.lost()
        return self.client.scheduler

    def asked(self, question: Callable[..., Any], **arguments: Any) -> Any:
        """The answer to a question.

        Raises:
            ResourceError: there is none.
        """
        if self.client.status != "running":
            raise self.lost()
        try:
            return self.client.sync(question, callback_timeout=ANSWER_SECONDS, **arguments)
        except (OSError, CancelledError, RuntimeError) as error:
            raise self.lost() from error

    def lost(self) -> ResourceError:
        """What is raised when the scheduler does not answer, or has forgotten what it was asked for."""
        return ResourceError(f"the scheduler {self.name} was lost: see that it is there, and run this again")
