"""What an exported model says of itself beside its graph."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from archspec.diagnostics import Refusal

SPEC = "archspec.spec"
"""The spec that the model was made from, with variant and settings applied."""

SPEC_HASH = "archspec.spec_sha256"
"""The SHA-256 of that text."""


PREPROCESS = "archspec.preprocess"
"""What is to be done to an example before it is given: the spec's steps as JSON."""

CLASSES = "archspec.classes"
"""The names of the classes, a list in JSON."""

FEATURES = "archspec.features"
"""The names of an example's numbers, in their order: the columns of a table; a list in JSON."""


class AlteredError(Refusal):
    """The spec in a model is not the one that it was made from."""


def spec_hash(text: str) -> str:
    """Returns the SHA-256 of a spec's text."""
    return hashlib.sha256(text.encode()).hexdigest()


def stored_spec(metadata: Mapping[str, str], model: str) -> str | None:
    """Returns the text of the spec that a model was made from, if it carries one.

    Args:
        metadata: What is stored in the model.
        model: What a message calls the model, such as its path.

    Raises:
        AlteredError: The text has been changed since.
    """
    text = metadata.get(SPEC)
    if text is not None and metadata.get(SPEC_HASH) != spec_hash(text):
        raise AlteredError(
            f"the spec in {model} was changed after the export: its SHA-256 is not the one "
            "that is stored with it",
            "export the model again with `archspec export SPEC --onnx`",
        )
    return text
