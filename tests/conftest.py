"""What all tests share."""

import os

from hypothesis import settings

# Property tests draw the same examples everywhere, and take their time on a busy machine.
settings.register_profile("ntkcli", deadline=None, derandomize=True, max_examples=50)
settings.load_profile("ntkcli")

os.environ.pop("OMP_NUM_THREADS", None)
