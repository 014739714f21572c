"""Predictions in the user's units: calibrated, scored and laid out in tables."""
