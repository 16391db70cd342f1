"""Texts of a spec, as a message repeats them."""


def clipped(text: str, most: int) -> str:
    """Returns a text of at most so many characters; what is left out is an ellipsis."""
    return text if len(text) <= most else text[: most - 1] + "…"
