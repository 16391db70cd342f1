"""Data: where examples come from, how they are divided, and their batches."""
