"""The solvers, one file each: what it answers, what it costs, how it factors, and what it keeps for later."""
