"""Read-only views of a graph: parameters, multiply-adds, tables."""
