"""Commands: one plain function for each command of `ntk`, without Click and without printing."""
