"""Did-you-mean: the help lines for words that do not exist.

It is told what there is, and knows what the same thing is called elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from archspec.ir.op import Operator

MOST = 30
"""The most words that a help line lists."""

MANY, LONGEST = 500, 60
"""Among more words, and of longer ones, no misspelling is looked for: it would take too long."""

LIKELY, CERTAIN = 0.6, 0.75
"""How alike two words must be for one to be a misspelling of the other."""


def did_you_mean(word: str, known: Iterable[str], *, what: str, also: Iterable[str] = ()) -> str:
    """Returns a help line with the nearest known word, or with all of a few.

    Args:
        word: The word that does not exist.
        known: Those that do.
        what: What they are, in the singular.
        also: Further ones that a plain misspelling may mean; they are not listed.
    """
    options = [*known]
    if len(options) > MANY:
        return f"none of the {len(options):,} {what}s is called so"
    options.sort()
    nearest = (
        nearest_word(word, options, CERTAIN)
        or nearest_word(word, also, CERTAIN)
        or nearest_word(word, options)
    )
    if nearest:
        return f"did you mean `{nearest}`?"
    if not options:
        return f"there is no {what} here"
    shown = ", ".join(options[:MOST]) + (", …" if len(options) > MOST else "")
    return f"known {what}s: {shown}"


def nearest_word(word: str, options: Iterable[str], cutoff: float = LIKELY) -> str | None:
    """Returns the option that `word` is a misspelling of, if there is one.

    Of equally near ones it is the one with the same digits, and then the one for images.
    """
    from difflib import SequenceMatcher  # only a faulty spec pays for it

    wanted = compact(word)
    digits = {*filter(str.isdigit, wanted)}
    options = [*options]
    if len(options) > MANY or len(wanted) > LONGEST:
        return None

    def score(option: str) -> tuple[float, bool, bool]:
        alike = SequenceMatcher(None, wanted, compact(option)).ratio()
        return alike, {*filter(str.isdigit, option)} == digits, "2d" in option

    best = max(options, key=score, default=None)
    return best if best is not None and score(best)[0] >= cutoff else None


def compact(word: str) -> str:
    """Returns a name without case and underscores, so that `LeakyReLU` is `leaky_relu`."""
    return word.replace("_", "").replace("-", "").lower()


def operator_help(word: str, blocks: Collection[str], constructs: Collection[str] = ()) -> str:
    """Returns a help line for an operator or block that does not exist.

    Args:
        word: What is called; it may have a library's prefix, or arguments in parentheses.
        blocks: The names of the blocks that can be called.
        constructs: The layers of the language that can be called.
    """
    from archspec import ops
    from archspec.frontend import vocabulary
    from archspec.frontend.shipped import shipped_specs, shipped_variants

    name = vocabulary.bare(word)
    options = (*blocks, *constructs, *ops.names())
    head, _, value = word.partition(":")
    if head in options and value:
        return f"put a space after the colon: `- {head}: {value}`"
    if name in options:
        return f"write `{_line(name)}`"
    if advice := vocabulary.operator_advice(name):
        return advice
    spec = shipped_variants().get(name)
    if spec or name in shipped_specs():
        use = f"{{spec: {spec}, variant: {name}}}" if spec else name
        return f"write `- use: {use}` for the spec that ships with archspec"
    if found := vocabulary.called_elsewhere(word):
        there = f"{found.library} calls it so; " if found.library else ""
        here = f"`{found.name}`" if name == word else f"written `{_line(found.name)}`"
        return f"{there}here it is {here}"
    nearest = nearest_word(name, options)
    if nearest:
        return f"did you mean `{nearest}`?"
    blocks_ = f"; the blocks are {', '.join(sorted(blocks)[:MOST])}" if blocks else ""
    return f"`archspec explain` lists the operators{blocks_}"


def field_help(
    word: str,
    known: Collection[str],
    *,
    what: str,
    operator: type[Operator] | None = None,
    reserved: Collection[str] = (),
) -> str:
    """Returns a help line for a key that a layer does not have.

    Args:
        word: The key.
        known: The keys of the layer's own.
        what: What they are, in the singular.
        operator: What is called, if it is an operator.
        reserved: The keys of every layer.
    """
    from archspec.frontend import vocabulary

    options = {*known, *reserved}
    in_keras = operator.keras_fields.get(word) if operator else None
    if in_keras in options:
        return f"Keras calls it so; here it is `{in_keras}`"
    if reserved and word in vocabulary.FIELD_ADVICE:
        return vocabulary.FIELD_ADVICE[word]
    meant = next((key for key in vocabulary.FIELDS.get(word, ()) if key in options), None)
    if meant:
        return f"here it is `{meant}`"
    return did_you_mean(word, known, what=what, also=reserved)


def section_help(word: str, known: Collection[str], find: Callable[[str], str | None]) -> str:
    """Returns a help line for a key that a section of a spec does not have.

    Args:
        word: The key.
        known: The keys of the section.
        find: Returns the section below that has a key, if one has.
    """
    from archspec.frontend.vocabulary import SECTIONS

    for key in (word, *SECTIONS.get(word, ())):
        if key in known:
            return f"here it is `{key}`"
        if place := find(key):
            here = "it is" if key == word else f"here it is `{key}`,"
            return f"{here} a key of `{place}`"
    return did_you_mean(word, known, what="key")


def _line(name: str) -> str:
    """Returns how an operator, block or construct is written as a layer."""
    from archspec import ops
    from archspec.frontend.examples import layer_line

    operator = ops.find(name) if name in ops.names() else None
    if operator is None or not operator.examples:
        return f"- {name}"
    return layer_line(operator, operator.examples[0])
