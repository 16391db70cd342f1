"""The page of a topic of the language."""

from __future__ import annotations

import textwrap

from archspec.cli.pages.fields import section_fields
from archspec.cli.pages.layout import columns, paragraphs, section
from archspec.frontend.topics import TOPICS


def topic_page(name: str) -> str:
    """Returns the page of a topic: what it is, what can be written, an example."""
    topic = TOPICS[name]
    parts = [f"{name}: {topic.title}", paragraphs(topic.text)]
    parts += [section(heading, columns(table)) for heading, table in topic.tables.items()]
    if topic.section:
        parts.append(section("keys", "\n".join(section_fields(topic.section, topic.elsewhere))))
    parts += [_file(f"With this as {file}:", text) for file, text in topic.files.items()]
    return "\n\n".join([*parts, _file("For example:", topic.example)])


def _file(heading: str, text: str) -> str:
    return f"{heading}\n\n{textwrap.indent(text.rstrip(), '    ')}"
