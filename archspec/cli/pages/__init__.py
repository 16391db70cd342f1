"""The pages of `archspec explain`: plain text of at most `WIDTH` columns."""

from archspec.cli.pages.choices import choice_page
from archspec.cli.pages.codes import code_page
from archspec.cli.pages.index import field_page, index_page
from archspec.cli.pages.keys import key_page
from archspec.cli.pages.operators import operator_page
from archspec.cli.pages.topics import topic_page

__all__ = [
    "choice_page",
    "code_page",
    "field_page",
    "index_page",
    "key_page",
    "operator_page",
    "topic_page",
]
