"""What the Gram matrices of a job say, as tables."""
