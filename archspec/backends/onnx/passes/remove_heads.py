"""Auxiliary heads."""

from __future__ import annotations

from archspec.backends.onnx.program import Program


def remove_heads(program: Program) -> bool:
    """Removes the auxiliary heads, which only training needs; else they are outputs too."""
    had = bool(program.heads)
    program.heads.clear()
    program.sweep()
    return had
