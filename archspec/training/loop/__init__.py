"""The loop: a network, its loss and metrics, and Lightning's trainer."""
