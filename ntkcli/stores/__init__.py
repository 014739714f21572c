"""Stores: what outlives a process, so that another one need not compute it again."""
