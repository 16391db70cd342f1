"""The language, explained topic by topic: what `archspec explain blocks` prints.

Every key, construct, treatment and function has its topic, which a test holds; what can be
chosen is taken from the code.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from archspec.frontend.topics.checking import CHECKING
from archspec.frontend.topics.files import FILES
from archspec.frontend.topics.flow import FLOW
from archspec.frontend.topics.model import Topic
from archspec.frontend.topics.repetition import REPETITION
from archspec.frontend.topics.spec import SPEC
from archspec.frontend.topics.training import TRAINING
from archspec.frontend.topics.values import VALUES
from archspec.frontend.topics.weights import WEIGHTS

__all__ = ["TOPICS", "Topic", "find"]

TOPICS: Mapping[str, Topic] = {
    **SPEC,
    **FLOW,
    **REPETITION,
    **VALUES,
    **WEIGHTS,
    **TRAINING,
    **FILES,
    **CHECKING,
}
"""The topics by name, in the order in which they are best read."""


@cache
def find(word: str) -> tuple[str, ...]:
    """Returns the names of the topics that explain a word, the one for it first."""
    named = [word] if word in TOPICS else []
    meant = [name for name, topic in TOPICS.items() if word in topic.words]
    listed = [name for name, topic in TOPICS.items() if word in topic.explained()]
    return tuple(dict.fromkeys([*named, *meant, *listed]))
