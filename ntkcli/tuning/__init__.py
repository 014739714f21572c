"""Tuning: the search for the network, kernel, ridge and time that predict best."""
