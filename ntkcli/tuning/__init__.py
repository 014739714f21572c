"""Tuning: which network, kernel, ridge and time predict best, by held-out rows or in closed form."""
