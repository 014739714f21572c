"""The run directory: written whole or not at all, and what is told of the run."""
