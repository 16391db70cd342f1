"""`archspec explain`: what an operator, a part of the language or an error code means."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from archspec import ops
from archspec.cli import COMMANDS
from archspec.cli.common import OK, USAGE, CommandError
from archspec.cli.pages import (
    choice_page,
    code_page,
    field_page,
    index_page,
    key_page,
    operator_page,
    topic_page,
)
from archspec.cli.pages.layout import paragraphs
from archspec.diagnostics.codes import CODES
from archspec.frontend import topics
from archspec.frontend.formula.attributes import SIZES
from archspec.frontend.shipped import is_shipped
from archspec.frontend.suggest import CERTAIN, nearest_word
from archspec.frontend.vocabulary import (
    FIELD_ADVICE,
    FIELDS,
    SECTION_ADVICE,
    SECTIONS,
    called_elsewhere,
    operator_advice,
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    parser.add_argument(
        "subject",
        metavar="SUBJECT",
        nargs="?",
        help="an operator, a key or topic of the language, a field or an error code, such as "
        "conv2d, repeat, kernel_size or E202; everything that can be explained if left out",
    )


def run(args: argparse.Namespace) -> int:
    """Prints the explanation."""
    print(index_page() if args.subject is None else explanation(args.subject))
    return OK


def explanation(subject: str) -> str:
    """Returns the page of a subject.

    Raises:
        CommandError: Nothing is known about it.
    """
    page = next(_pages(subject), None) or next(_elsewhere(subject), None)
    if parts := [*filter(None, [page]), *_command(subject)]:
        return "\n\n".join(parts)
    if is_shipped(subject):
        help_ = f"it is a spec that ships with archspec: `archspec check {subject}`"
    else:
        words = (word for topic in topics.TOPICS.values() for word in topic.explained())
        known = {*ops.names(), *topics.TOPICS, *CODES, *COMMANDS, *words}
        nearest = nearest_word(subject, known, CERTAIN)
        all_of_it = "`archspec explain` lists what can be explained"
        help_ = f"did you mean `{nearest}`?" if nearest else all_of_it
    raise CommandError(f"nothing is known about `{subject}`", exit_code=USAGE, help=help_)


def _pages(subject: str) -> Iterator[str]:
    """Yields the pages of a subject of archspec's own, the best one first."""
    if subject.upper() in CODES:
        yield code_page(subject.upper())
    found = topics.find(subject)
    if subject in ops.names():
        yield _with_more(operator_page(subject), found)
    if found:
        page = key_page(subject) or _with_more(topic_page(found[0]), found[1:])
        field = field_page(subject)
        yield f"{page}\n\n{field}" if field else page
    if field := field_page(subject):
        yield field
    if choice := choice_page(subject):
        yield choice
    if key := key_page(subject):
        yield key
    owner, _, size = subject.rpartition(".")
    if owner and size in SIZES:
        yield topic_page("formulas")


def _command(subject: str) -> Iterator[str]:
    if subject in COMMANDS:
        does = f"`archspec {subject}`: a command, to {COMMANDS[subject]}"
        yield paragraphs(f"{does}; `archspec {subject} --help` says how")


def _elsewhere(subject: str) -> Iterator[str]:
    """Yields what is known of a word of other libraries, or of people."""
    advice = {**FIELD_ADVICE, **SECTION_ADVICE}
    if advised := operator_advice(subject) or advice.get(subject):
        yield paragraphs(f"{subject}: {advised}")
    if found := called_elsewhere(subject):
        who = f"{found.library} calls it so; here" if found.library else "here"
        yield f"{subject}: {who} it is `{found.name}`\n\n{explanation(found.name)}"
    if words := (*FIELDS.get(subject, ()), *SECTIONS.get(subject, ())):
        yield f"{subject}: here it is `{words[0]}`\n\n{explanation(words[0])}"


def _with_more(page: str, names: tuple[str, ...]) -> str:
    return f"{page}\n\nSee also: {', '.join(names)}" if names else page
