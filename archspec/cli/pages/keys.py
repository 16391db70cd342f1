"""The page of a key of a section, such as `early_stopping`, or of a word that one takes."""

from __future__ import annotations

from collections.abc import Iterable

from archspec.cli.pages.fields import keys_named
from archspec.cli.pages.layout import paragraphs, section
from archspec.frontend.topics import TOPICS


def key_page(word: str) -> str:
    """Returns what sections have by that name; empty if none has, or a topic is about it."""
    found = {}
    for name, topic in TOPICS.items():
        if name == word or word in topic.words or any(word in t for t in topic.tables.values()):
            return ""
        lines = keys_named(word, topic.section, topic.elsewhere) if topic.section else ()
        if listed := "\n".join(dict.fromkeys(lines)):
            told = [part for part in topic.text.split("\n\n") if f"`{word}`" in part]
            found[name] = "\n\n".join([section(name, listed), *map(paragraphs, told)])
    if not found:
        return ""
    is_key = any(word in TOPICS[name].explained() for name in found)
    head = f"a key of {_listed(found)}" if is_key else "a word that keys take"
    pages = _listed(f"archspec explain {name}" for name in found)
    more = paragraphs(f"All keys, with examples: {pages}")
    return "\n\n".join([f"{word}: {head}", *found.values(), more])


def _listed(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)
