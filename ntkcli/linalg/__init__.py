"""Linear algebra on symmetric matrices: the only folder that calls scipy.linalg."""
