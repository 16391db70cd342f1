"""The targets of a graph; the only importers of the targets' libraries."""
