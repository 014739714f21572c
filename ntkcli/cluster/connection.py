"""The connection to a Dask scheduler: one that is there, or one of this machine's own."""

import json
import logging
import signal
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ntkcli.cluster.cluster import Cluster
from ntkcli.cluster.scheduler import ANSWER_SECONDS, Scheduler
from ntkcli.errors import ResourceError, SpecError
from ntkcli.extras import is_installed
from ntkcli.files.input_file import read_regular
from ntkcli.journal import Journal

if TYPE_CHECKING:
    from distributed import Client

# The scheduler that is started for a run, with a worker process for each thread.
LOCAL = "local"
THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
SETTINGS = {
    # Items go through the scheduler by design: it has to have them for who takes a lost worker's place.
    "distributed.admin.large-graph-warning-threshold": "1 TiB",
    # What is set for workers of this machine's own would hold for this process too.
    **{f"distributed.nanny.pre-spawn-environ.{name}": None for name in THREAD_VARIABLES},
}
# Of a scheduler's file, which names it and its workers.
MOST_FILE_BYTES = 2**26
# What Dask's constructors raise for an address that is not a scheduler's, or cannot be had.
REFUSALS = (OSError, ValueError, TypeError, ImportError, RuntimeError)


@contextmanager
def connected(scheduler: str | Path, workers: int, patience: float, journal: Journal) -> Iterator[Cluster]:
    """Connect to a scheduler for a `with` block.

    Args:
        scheduler: its address, the path of its file, or `local`.
        workers: the number of worker processes of `local`.
        patience: seconds for which there may be no worker.
        journal: is told when workers are waited for.

    Raises:
        SpecError: Dask is not installed.
        ResourceError: no scheduler answers, or it has no worker.
    """
    if not is_installed("distributed"):
        raise SpecError("compute.scheduler: needs Dask: pip install 'ntkcli[dask]'")
    import dask
    import distributed

    _silence()
    with dask.config.set(SETTINGS), warnings.catch_warnings():
        # Versions are compared by us.
        warnings.simplefilter("ignore", distributed.versions.VersionMismatchWarning)
        with ExitStack() as stack:
            client = _local(workers, stack) if scheduler == LOCAL else _remote(scheduler)
            stack.enter_context(client)
            found = Scheduler(client, str(scheduler), patience, journal)
            found.wait_for_worker()
            yield Cluster(found)


def _silence() -> None:
    """Of what becomes of workers, users are told in our words."""
    names = [name for name in logging.root.manager.loggerDict if name.split(".")[0] == "distributed"]
    for name in [*names, "distributed", "tornado.application", "asyncio"]:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)


def _local(workers: int, stack: ExitStack) -> "Client":
    from distributed import Client, LocalCluster

    # Ctrl-C is for this process, which then stops the workers: they have it from here that it is ignored.
    on_interrupt = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        cluster = LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            dashboard_address=None,
            # Or its HTTP server would want the same port as that of another run.
            scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},
            silence_logs=logging.CRITICAL,
        )
        stack.enter_context(cluster)
        return Client(cluster)
    except REFUSALS as error:
        raise ResourceError(f"cannot start {workers} workers here: {error}") from error
    finally:
        signal.signal(signal.SIGINT, on_interrupt)


def _remote(scheduler: str | Path) -> "Client":
    from distributed import Client

    address = _address(scheduler)
    try:
        return Client(address, timeout=ANSWER_SECONDS)
    except OSError as error:
        raise ResourceError(
            f"no scheduler answers at {address} within {ANSWER_SECONDS:g} s: check the address, that "
            "`dask scheduler` runs there, and whether both have the same TLS certificates, or neither has any"
        ) from error
    except REFUSALS as error:
        raise ResourceError(f"cannot use the scheduler {address}: {error}") from error


def _address(scheduler: str | Path) -> str:
    """The address itself, or that which a scheduler's file has."""
    if isinstance(scheduler, str):
        return scheduler
    try:
        return str(json.loads(read_regular(scheduler, MOST_FILE_BYTES))["address"])
    except OSError as error:
        raise ResourceError(
            f"{scheduler}: cannot read the scheduler's file: {error.strerror}: "
            "`dask scheduler --scheduler-file` writes it"
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise ResourceError(
            f"{scheduler}: is not a file that `dask scheduler --scheduler-file` writes"
        ) from error
