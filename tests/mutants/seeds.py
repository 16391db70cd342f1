"""The valid specs that mutants are made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

from archspec import ops
from archspec.frontend import compile_text
from archspec.frontend.arguments import as_text
from archspec.frontend.examples import input_names, layer_line
from archspec.frontend.shipped import shipped_specs
from archspec.frontend.topics import TOPICS

FORMS = Path(__file__).parent / "specs"
"""Specs that use what the shipped ones do not, each a folder with a `spec.yaml`."""


class Seed(NamedTuple):
    """A valid spec.

    Attributes:
        name: What it is called in reports.
        text: The spec.
        files: The other files that it names, by their paths beside it.
        variant: The variant that is checked.
    """

    name: str
    text: str
    files: Mapping[str, str] = {}
    variant: str | None = None


@cache
def seeds() -> tuple[tuple[Seed, ...], ...]:
    """Returns the seeds in groups, each of which is drawn from as often as the others."""
    return (tuple(_shipped()), tuple(_topics()), tuple(_operators()), tuple(_forms()))


def _shipped() -> Iterator[Seed]:
    for name, path in shipped_specs().items():
        text = path.read_text(encoding="utf-8")
        for variant in (None, *compile_text(text, str(path)).variants):
            yield Seed(name, text, {}, variant)


def _topics() -> Iterator[Seed]:
    for name, topic in TOPICS.items():
        yield Seed(f"explain {name}", topic.example, topic.files)


def _operators() -> Iterator[Seed]:
    for name in ops.names():
        operator = ops.find(name)
        for example in operator.examples:
            inputs = {
                name: {"shape": [*shape], "dtype": example.dtype}
                for name, shape in zip(input_names(operator, example), example.inputs, strict=True)
            }
            head = f"name: example\ninputs: {as_text(inputs)}\n"
            yield Seed(name, f"{head}layers:\n  {layer_line(operator, example)}\n  - identity\n")


def _forms() -> Iterator[Seed]:
    for folder in sorted(FORMS.iterdir()):
        files = {
            str(path.relative_to(folder)): path.read_text(encoding="utf-8")
            for path in sorted(folder.rglob("*.yaml"))
        }
        yield Seed(folder.name, files.pop("spec.yaml"), files)
