"""From YAML text to a typed graph."""
