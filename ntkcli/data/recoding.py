"""Text in any encoding as UTF-8, so that every reader of a file reads the same."""

import codecs
import io
from contextlib import suppress
from pathlib import Path
from typing import IO, cast

from ntkcli.data.remedies import Remedies
from ntkcli.errors import DataError

# Bytes that are decoded at a time.
PIECE = 1 << 16


def in_utf8(file: IO[bytes], encoding: str, path: Path, remedies: Remedies) -> IO[bytes]:
    """Return the bytes of a file in UTF-8.

    Args:
        file: its bytes in another encoding.
        encoding: that they are in.
        path: of the file, for messages.
        remedies: what its user can do.
    """
    return cast("IO[bytes]", io.BufferedReader(_Recoded(file, encoding, path, remedies), PIECE))


class _Recoded(io.RawIOBase):
    def __init__(self, file: IO[bytes], encoding: str, path: Path, remedies: Remedies) -> None:
        self._file, self._path, self._remedies = file, path, remedies
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._encoding = encoding
        self._ready = b""
        self._lines = 1

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        piece = b"x"
        while not self._ready and piece:
            piece = self._file.read(PIECE)
            self._ready = self._decoded(piece).encode("utf-8", "surrogatepass")
        count = min(len(buffer), len(self._ready))
        buffer[:count], self._ready = self._ready[:count], self._ready[count:]
        return count

    def _decoded(self, piece: bytes) -> str:
        try:
            text = self._decoder.decode(piece, final=not piece)
        except UnicodeError as error:
            raise self._error(error) from error
        self._lines += text.count("\n")
        return text

    def _error(self, error: UnicodeError) -> DataError:
        line, what = self._lines, f"is not text in {self._encoding}"
        if isinstance(error, UnicodeDecodeError) and error.start < len(error.object):
            before, byte = error.object[: error.start], error.object[error.start]
            # What comes before has been decoded, but by a codec that need not know of other errors.
            with suppress(UnicodeError):
                line += before.decode(self._encoding).count("\n")
            what += f" (a byte is 0x{byte:02x})"
        return DataError(
            f"{self._path}:{line}: {what}: save it so, or {self._remedies.key}encoding to what it is in"
        )
