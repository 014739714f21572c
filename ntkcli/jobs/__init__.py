"""A spec made ready to compute: network, tables, checks, and what `auto` stands for."""
