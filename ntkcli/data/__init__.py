"""From CSV files to arrays: reading, choosing columns, standardising."""
