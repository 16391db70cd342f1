"""Every diagnostic code, with what it means, an example and how that is mended.

The examples are specs; tests compile each and expect its code, and nothing to be said of the
mended ones, so the documentation cannot drift from the compiler.
"""

from archspec.diagnostics.codes import errors, reading, training, warnings
from archspec.diagnostics.codes.model import Code

__all__ = ["CODES", "Code"]

CODES: dict[str, Code] = reading.CODES | errors.CODES | warnings.CODES | training.CODES
