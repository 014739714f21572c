"""The limit on a process's address space (`ulimit -v`), under which memory is taken before it is needed.

Where OpenBLAS gets no memory for its buffers, it waits for ever or ends the process; a library that cannot be
loaded fails in many ways. So there is room before either begins, or the command ends.
"""

import ctypes
import errno
import os
import resource
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from ntkcli.errors import ResourceError
from ntkcli.extras import is_installed
from ntkcli.units import bytes_text

# What the libraries of any command take, with BLAS on one thread; pyarrow, which pandas loads where it is
# installed.
LIBRARY_BYTES, PYARROW_BYTES = 416 * 2**20, 128 * 2**20
# What a thread takes: the buffers of NumPy's BLAS and of SciPy's, 32 MiB each, and stacks.
THREAD_BYTES = 80 * 2**20
# Of malloc.h in Linux; a further arena takes 128 MiB while it is made.
M_ARENA_MAX = -8
# What the loader of libraries says, the system, Python, and pandas' parser.
NO_MEMORY = (
    "failed to map segment",
    os.strerror(errno.ENOMEM),
    "can't start new thread",
    "C error: out of memory",
)

# What is said where memory is out in the midst of work.
OUT_OF_MEMORY = "not enough memory: use fewer rows, compute.dtype: float32, or a larger machine"


def bytes_left() -> int | None:
    """Bytes that this process may still take by `ulimit -v` and `ulimit -d`; None if there is no limit."""
    return min(_all_left(), default=None)


def _all_left() -> Iterator[int]:
    for limit, taken in ((resource.RLIMIT_AS, "VmSize:"), (resource.RLIMIT_DATA, "VmData:")):
        most, _ = resource.getrlimit(limit)
        if most != resource.RLIM_INFINITY:
            with suppress(OSError, StopIteration):
                lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
                held = next(int(line.split()[1]) for line in lines if line.startswith(taken))
                yield max(0, most - 1024 * held)


def make_room() -> None:
    """See that the libraries fit under a limit, before they are loaded, and have them take little.

    Raises:
        ResourceError: they do not fit.
    """
    left = bytes_left()
    if left is None:
        return
    needed = LIBRARY_BYTES + PYARROW_BYTES * is_installed("pyarrow")
    if left < needed:
        raise ResourceError(_too_little(left, f"ntk needs {bytes_text(needed)} beside its data"))
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt:
        mallopt(M_ARENA_MAX, 1)


def check_threads(count: int) -> None:
    """See that so many threads fit under a limit, before they begin.

    Raises:
        ResourceError: they do not fit.
    """
    left, needed = bytes_left(), count * THREAD_BYTES
    if left is not None and left < needed:
        what = f"compute.threads: {count} needs {bytes_text(needed)}"
        raise ResourceError(_too_little(left, what))


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that there is no memory left."""
    match error:
        case MemoryError() | OSError(errno=errno.ENOMEM):
            return True
        case ImportError() | RuntimeError() | ValueError():
            return any(said in str(error) for said in NO_MEMORY)
    return False


def _too_little(left: int, what: str) -> str:
    return f"not enough memory: the limit of `ulimit` leaves {bytes_text(left)}, and {what}: raise the limit"
