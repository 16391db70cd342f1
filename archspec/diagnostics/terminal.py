"""What a terminal does with text: colours, columns, characters that it would obey."""

_OBEYED: dict[int, int | str] = {
    **{code: 0x2400 + code for code in range(0x20)},
    ord("\t"): " ",
    0x7F: 0x2421,
    **dict.fromkeys(range(0x80, 0xA0), 0xFFFD),
    # Line breaks, and what lets text run from right to left.
    **dict.fromkeys((0x61C, 0x200E, 0x200F, 0x2028, 0x2029), 0xFFFD),
    **dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)), 0xFFFD),
}
"""Characters that move the cursor, change colours or reorder text, and what is shown for them."""


class Paint:
    """Terminal colours, or none."""

    def __init__(self, colour: bool) -> None:
        self._colour = colour

    def __call__(self, text: str, code: str) -> str:
        """Returns text in a colour, which is given by its ANSI code."""
        return f"\x1b[{code}m{text}\x1b[0m" if self._colour else text


def visible(text: str) -> str:
    """Returns text that shows what it holds: every character stays one, a tab becomes a space."""
    return text if text.isascii() and text.isprintable() else text.translate(_OBEYED)


def cells(text: str) -> int:
    """Returns the columns that visible text takes: Korean letters two each, accents none."""
    if text.isascii():
        return len(text)
    from wcwidth import wcswidth  # as slow to import as a spec is to check

    return max(0, wcswidth(text))
