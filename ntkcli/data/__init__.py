"""Data: CSV files become arrays, with columns chosen, encoded and standardised."""
