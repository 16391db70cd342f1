"""Numbers of things, as a message says them."""


def counted(number: int, one: str, more: str) -> str:
    """Returns a number with its noun: `1 class`, `1,000 classes`."""
    return f"{number:,} {one if number == 1 else more}"
