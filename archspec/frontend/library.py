"""A file of blocks by itself: judged as far as that goes without a spec that calls them."""

from archspec.diagnostics import Diagnostic
from archspec.frontend.arguments import Evaluator
from archspec.frontend.library_schema import Library
from archspec.frontend.limits import Work
from archspec.frontend.linked import Linked
from archspec.frontend.report import Report
from archspec.frontend.tree import Table
from archspec.frontend.unit import Unit
from archspec.frontend.unread import unread
from archspec.frontend.validation import validate_tree


def analyse_library(linked: Linked, report: Report, work: Work) -> tuple[str, ...]:
    """Returns the names of a library's own blocks; its faults and doubts go to `report`.

    Args:
        linked: The library, with the files that it includes.
        report: Takes the faults; it holds those of reading the file.
        work: What may be done to read its formulas.
    """
    tree = linked.tree
    validate_tree(Library, tree, report)
    Unit(tree, Evaluator(tree, report, work), report)
    if not report:
        # That nothing in its file calls a block is what a library is for.
        report.extend(doubt for doubt in unread(tree) if doubt.code != "W102")
    blocks = tree.get("blocks")
    return tuple(blocks.entries) if isinstance(blocks, Table) else ()


def not_a_spec(tree: Table) -> Diagnostic:
    """Returns what is wrong with a library where a spec is wanted."""
    message = "this is a library of blocks, not a spec: it has no `inputs` and `layers`"
    help_ = "`include` it in a spec; `archspec check` judges it by itself"
    return Diagnostic("E102", message, tree.span, help_)
