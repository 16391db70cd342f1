"""What a topic of `archspec explain` is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from pydantic import BaseModel

from archspec.frontend.validation import models


class Topic(NamedTuple):
    """The explanation of one part of the language.

    Attributes:
        title: The topic in a few words.
        text: Paragraphs, with an empty line between two.
        example: A spec that shows it; a test compiles it.
        tables: What can be written, with its meaning, by heading.
        words: Further words that it explains.
        files: The other files of the example, by their names.
        section: A section of the spec whose keys are listed, with those below.
        elsewhere: The sections below it that have a topic of their own, and its name.
    """

    title: str
    text: str
    example: str
    tables: Mapping[str, Mapping[str, str]] = {}
    words: tuple[str, ...] = ()
    files: Mapping[str, str] = {}
    section: type[BaseModel] | None = None
    elsewhere: Mapping[type[BaseModel], str] = {}

    def explained(self) -> Iterator[str]:
        """Yields the words that it explains: its own, and those of its tables and its section."""
        yield from self.words
        for table in self.tables.values():
            yield from table
        if self.section:
            yield from self._keys(self.section)

    def _keys(self, section: type[BaseModel]) -> Iterator[str]:
        for name, field in section.model_fields.items():
            yield name
            for inner in models(field.annotation):
                if inner not in self.elsewhere:
                    yield from self._keys(inner)


def fields_of(model: type[BaseModel]) -> Mapping[str, str]:
    """Returns the keys of a section with what they mean."""
    return {name: field.description or "" for name, field in model.model_fields.items()}
