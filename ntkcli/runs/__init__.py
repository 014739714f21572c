"""The run directory, written whole or not at all, and the files that describe the run."""
