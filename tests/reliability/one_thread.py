"""Libraries with one thread, as a process that forks should have: this module is imported before them."""

import os

# NumPy asks for it when it is imported.
os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
# Its allocator has threads of its own.
os.environ["ARROW_DEFAULT_MEMORY_POOL"] = "system"
