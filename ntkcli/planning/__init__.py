"""How a job will be done: what the machine has, and the cheapest plan that fits."""
