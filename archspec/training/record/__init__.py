"""What is kept of runs and shown of them: logs, figures, reports, comparisons."""
