"""The page of a word that a field takes, such as `same`."""

from __future__ import annotations

from archspec import ops
from archspec.cli.pages.fields import choices_of
from archspec.cli.pages.index import field_page


def choice_page(word: str) -> str:
    """Returns which fields of operators take a word; empty if none does."""
    fields: dict[str, list[str]] = {}
    for name in ops.names():
        for field, info in ops.find(name).model_fields.items():
            if word in choices_of(info.annotation):
                fields.setdefault(field, []).append(name)
    pages = [field_page(field, names) for field, names in fields.items()]
    return "\n\n".join([f"{word}: a word that fields take", *pages]) if pages else ""
