"""Clusters: a Dask scheduler whose workers carry out tasks."""

# How long a cluster may have no worker, unless it is said otherwise.
WAIT_SECONDS = 300.0
