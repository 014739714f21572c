"""The connection to a Dask scheduler: one that is there, or one of this machine's own."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ntkcli.cluster.cluster import Cluster
from ntkcli.errors import ResourceError, SpecError
from ntkcli.extras import is_installed

if TYPE_CHECKING:
    from distributed import Client

# The scheduler that is started for a run, with a worker process for each thread.
LOCAL = "local"
# Seconds in which a scheduler has to answer.
CONNECT_SECONDS = 30
THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
SETTINGS = {
    # Items go through the scheduler by design: it has to have them for who takes a lost worker's place.
    "distributed.admin.large-graph-warning-threshold": "1 TiB",
    # What is set for workers of this machine's own would hold for this process too.
    **{f"distributed.nanny.pre-spawn-environ.{name}": None for name in THREAD_VARIABLES},
}


@contextmanager
def connected(scheduler: str | Path, workers: int, patience: float) -> Iterator[Cluster]:
    """Connect to a scheduler for a `with` block.

    Args:
        scheduler: its address, the path of its file, or `local`.
        workers: the number of worker processes of `local`.
        patience: seconds for which there may be no worker.

    Raises:
        SpecError: Dask is not installed.
        ResourceError: no scheduler answers, or it has no worker.
    """
    if not is_installed("distributed"):
        raise SpecError("compute.scheduler: needs Dask: pip install 'ntkcli[dask]'")
    import dask
    import distributed  # noqa: F401 - its settings, or they would be gone with ours

    # Of what becomes of workers, users are told in our words.
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    with dask.config.set(SETTINGS), _client(scheduler, workers) as client:
        cluster = Cluster(client, str(scheduler), patience)
        cluster.wait_for_worker()
        yield cluster


@contextmanager
def _client(scheduler: str | Path, workers: int) -> Iterator["Client"]:
    from distributed import Client, LocalCluster

    if scheduler == LOCAL:
        with (
            LocalCluster(
                n_workers=workers, threads_per_worker=1, dashboard_address=None, silence_logs=logging.CRITICAL
            ) as cluster,
            Client(cluster) as client,
        ):
            yield client
        return
    address = _address(scheduler)
    try:
        client = Client(address, timeout=CONNECT_SECONDS)
    except (OSError, ValueError) as error:
        raise ResourceError(
            f"no scheduler answers at {address} within {CONNECT_SECONDS} s: "
            "check the address, and that `dask scheduler` runs there"
        ) from error
    with client:
        yield client


def _address(scheduler: str | Path) -> str:
    """The address itself, or that which a scheduler's file has."""
    if isinstance(scheduler, str):
        return scheduler
    try:
        return str(json.loads(scheduler.read_bytes())["address"])
    except OSError as error:
        raise ResourceError(
            f"{scheduler}: cannot read the scheduler's file: {error.strerror}: "
            "`dask scheduler --scheduler-file` writes it"
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise ResourceError(
            f"{scheduler}: is not a file that `dask scheduler --scheduler-file` writes"
        ) from error
