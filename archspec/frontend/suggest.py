"""Did-you-mean."""

from __future__ import annotations

from collections.abc import Iterable

MOST = 30
"""The most words that a help line lists."""


def did_you_mean(word: str, known: Iterable[str], *, what: str) -> str:
    """Returns a help line with the nearest known word, or with all of a few."""
    import difflib  # only a faulty spec pays for it

    options = sorted(known)
    nearest = difflib.get_close_matches(word.lower(), options, n=1, cutoff=0.6)
    if nearest:
        return f"did you mean `{nearest[0]}`?"
    if not options:
        return f"there is no {what} here"
    shown = ", ".join(options[:MOST]) + (", …" if len(options) > MOST else "")
    return f"known {what}s: {shown}"
