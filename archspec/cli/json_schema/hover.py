"""What an editor shows beside a word of the language, as Markdown; all of it from the code."""

from __future__ import annotations

import inspect

from archspec.cli.pages.fields import use_text
from archspec.cli.pages.operators import description
from archspec.frontend import topics
from archspec.frontend.examples import layer_line
from archspec.ir.op import Operator


def operator_text(op: type[Operator]) -> str:
    """Returns what an operator does: its docstring, shape rule, Keras's names, an example."""
    parts = [description(op)]
    if op.shape_rule:
        parts.append(f"`{op.shape_rule}`")
    if op.keras_names:
        parts.append(f"In Keras: {', '.join(op.keras_names)}")
    if op.examples:
        parts.append(f"```yaml\n{layer_line(op, op.examples[0])}\n```")
    return "\n\n".join(parts)


def summary(op: type[Operator]) -> str:
    """Returns what an operator does in one line."""
    return inspect.cleandoc(op.__doc__ or "").partition("\n")[0]


def field_texts(op: type[Operator]) -> dict[str, str]:
    """Returns what each field of an operator means, and its default."""
    return {
        name: f"{field.description} ({use_text(field)})" for name, field in op.model_fields.items()
    }


def topic_text(word: str) -> str:
    """Returns the explanation of a key or construct: its meaning, and its topic's text."""
    name, *_ = topics.find(word)
    topic = topics.TOPICS[name]
    meanings = [table[word] for table in topic.tables.values() if word in table]
    title = meanings[0] if meanings else topic.title
    return f"{title[:1].upper()}{title[1:]}.\n\n{topic.text}"
