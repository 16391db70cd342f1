"""Weights of other implementations, under our names and in our layout.

A file is read into layers (`reading`), each of them is given one of the graph's (`matching`),
and its tensors are turned into ours (`conversion`). Nothing is guessed: what cannot be told
apart is refused, unless a mapping decides it.
"""

from archspec.backends.weights_import.importing import (
    Imported,
    Row,
    UndecidedError,
    import_weights,
    propose_mapping,
)

__all__ = ["Imported", "Row", "UndecidedError", "import_weights", "propose_mapping"]
