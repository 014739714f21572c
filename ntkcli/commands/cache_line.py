"""A line of `ntk cache ls`: a Gram matrix in short."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Self

from ntkcli.commands.show_run import activations_text
from ntkcli.stores.entries import Entry
from ntkcli.units import bytes_text


@dataclass(frozen=True)
class CacheLine:
    """A Gram matrix in short; None where its file does not tell, being damaged or hardly begun.

    file: where it is.
    gram: nngp or ntk.
    network: activations and depth.
    rows, columns: how many.
    dtype: of its numbers.
    bytes: of the file.
    finished: the share of it that is there.
    used: when a run used it last, UTC in ISO 8601.
    """

    file: str
    gram: str | None
    network: str | None
    rows: int | None
    columns: int | None
    dtype: str | None
    bytes: int
    finished: float
    used: str

    @classmethod
    def of(cls, entry: Entry) -> Self:
        """Read what a file says of itself.

        Raises:
            OSError: it cannot be read.
        """
        what = entry.layout.what if entry.layout else {}
        rows = what.get("rows")
        return cls(
            file=str(entry.path),
            gram=what.get("gram"),
            network=_network_text(what["network"]) if "network" in what else None,
            rows=rows,
            columns=what.get("columns") or rows,
            dtype=what.get("dtype"),
            bytes=entry.size,
            finished=entry.finished,
            used=datetime.fromtimestamp(entry.used, UTC).isoformat(timespec="seconds"),
        )

    @property
    def content(self) -> dict[str, Any]:
        """The line as JSON has it."""
        return asdict(self)

    @property
    def cells(self) -> dict[str, str]:
        """The line as a table has it, by column."""
        return {
            "gram": self.gram or "-",
            "network": self.network or "-",
            "rows": "-" if self.rows is None else f"{self.rows:,} x {self.columns:,}",
            "dtype": self.dtype or "-",
            "size": bytes_text(self.bytes),
            # Rounded down: what is told to be all has all.
            "finished": f"{int(100 * self.finished)} %",
            "used": f"{datetime.fromisoformat(self.used).astimezone():%Y-%m-%d %H:%M}",
            "file": self.file,
        }


def _network_text(network: Mapping[str, Any]) -> str:
    depth, setting = network["depth"], network["activation"]
    return activations_text(setting if isinstance(setting, list) else [setting] * (depth - 1), depth)
