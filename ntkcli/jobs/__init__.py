"""Jobs: a spec made ready to compute, with its network, its checks, and numbers in the place of `auto`."""
