import errno
from pathlib import Path

import numpy as np
import pytest

from ntkcli.files.disk import lack_of_space
from ntkcli.files.written_file import write_bytes


def test_a_full_disk_is_told_with_its_reason(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no device is always full here")
    with pytest.raises(OSError, match="No space left") as caught:
        write_bytes(Path("/dev/full"), np.zeros(10**6).data)
    assert lack_of_space(caught.value) == "the disk is full: free some space"
    assert lack_of_space(OSError(errno.EIO, "Input/output error")) is None
