"""Figures of runs, drawn by matplotlib: as PNG files, and as SVG for pages."""
