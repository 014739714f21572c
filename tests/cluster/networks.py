"""Two networks within this machine, where it permits them, with a cable between that can be pulled out."""

import ctypes
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

ENTERING = ["nsenter", "--preserve-credentials", "--user", "--net", "--target"]


class Place(NamedTuple):
    """Where a process is.

    host: its address.
    keeper: a process that keeps the network there; none for the network that the tests are in.
    """

    host: str = "127.0.0.1"
    keeper: int | None = None

    def enter(self) -> None:
        """Take this process there."""
        libc = ctypes.CDLL(None, use_errno=True)
        for kind in ("user", "net") if self.keeper else ():
            with Path(f"/proc/{self.keeper}/ns/{kind}").open("rb") as namespace:
                if libc.setns(namespace.fileno(), 0):
                    raise OSError(ctypes.get_errno(), f"cannot enter the {kind} namespace")


@contextmanager
def two_networks() -> Iterator[tuple[Place, Place]]:
    """Make two networks, joined, for a `with` block.

    Raises:
        OSError: the machine lacks what that takes, or does not permit it.
    """
    with (
        _kept(["unshare", "--map-root-user", "--net"]) as near,
        _kept([*ENTERING, str(near), "unshare", "--net"]) as far,
    ):
        places = Place("10.77.0.1", near), Place("10.77.0.2", far)
        _ip(places[0], f"link add cable type veth peer name cable netns {far}")
        for place in places:
            _ip(place, f"address add {place.host}/24 dev cable")
            _ip(place, "link set lo up")
            _ip(place, "link set cable up")
        yield places


def cut_off(place: Place) -> None:
    """Pull the cable out: nobody is told, and nothing arrives."""
    _ip(place, "link set cable down")


@contextmanager
def _kept(making: list[str]) -> Iterator[int]:
    """Make a network that stays as long as a process; its number."""
    command = [*making, "sh", "-c", "echo made; exec cat"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe) as keeper:
        assert keeper.stdout is not None
        assert keeper.stderr is not None
        if not keeper.stdout.readline():
            raise OSError(keeper.stderr.read().decode().strip())
        yield keeper.pid


def _ip(place: Place, words: str) -> None:
    command = [*ENTERING, str(place.keeper), "ip", *words.split()]
    outcome = subprocess.run(command, capture_output=True, text=True, check=False)
    if outcome.returncode:
        raise OSError(outcome.stderr.strip())
