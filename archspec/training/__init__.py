"""Training: data, the loop on Lightning, runs and their files."""
