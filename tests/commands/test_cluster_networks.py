"""A command goes on when the network of some workers is cut off, which nobody is told."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from ..cluster.networks import Place, cut_off, two_networks
from ..cluster.processes import SECONDS, Processes, wait_until
from .run_files import MakeSpec, Ntk, load_json, results

SIMULATE = {"widths": [200], "largest_trained": 200, "seeds": 24, "rows": 14, "learning_rate": 0.05}


@pytest.fixture
def places() -> Iterator[tuple[Place, Place]]:
    with ExitStack() as stack:
        try:
            found = stack.enter_context(two_networks())
        except OSError as error:
            pytest.skip(f"no networks can be made here: {error}")
        yield found


@pytest.fixture
def processes(tmp_path: Path, places: tuple[Place, Place]) -> Iterator[Processes]:
    """A scheduler in the near network."""
    folder = tmp_path / "cluster"
    folder.mkdir()
    found = Processes(folder, {"SCHEDULER__WORKER_TTL": "3s"}, place=places[0])
    yield found
    found.stop()


def test_a_simulation_is_the_same_when_a_network_is_cut_off_in_the_middle(
    make_spec: MakeSpec, ntk: Ntk, processes: Processes, places: tuple[Place, Place]
) -> None:
    near, far = places
    path = make_spec(simulate=SIMULATE, inference={"kernel": "ntk", "time": [1, 10]})
    processes.worker(place=far)
    command = processes.ntk("simulate", path, "--out", "there", "--scheduler", processes.file, place=near)
    wait_until(lambda: len([*Path("there", "networks").glob("*.npz")]) > 0)
    processes.worker(place=near)
    wait_until(lambda: len([*Path("there", "networks").glob("*.npz")]) > 5)
    cut_off(far)
    command.join(2 * SECONDS)
    assert command.exitcode == 0
    assert ntk("simulate", path, "--out", "here").returncode == 0
    assert results(Path("there")) == results(Path("here"))
    # The near worker, which comes when it can, has done what the far one could not send.
    assert load_json(Path("there", "run.json"))["compute"]["cluster"]["retries"] > 0
