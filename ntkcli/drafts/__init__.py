"""Specs drafted from a table: what its columns seem to be, and a commented text that says so."""
