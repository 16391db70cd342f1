"""One file of a spec: what its formulas, blocks and defaults mean, wherever they are used."""

from collections.abc import Mapping

from archspec.diagnostics import Diagnostic
from archspec.frontend.arguments import Evaluator, Unknown
from archspec.frontend.blocks import WORDS, Block, check_defaults, parse_blocks, word_fault
from archspec.frontend.reader import UNKNOWN, Reader, lookup_in
from archspec.frontend.syntax import Parser
from archspec.frontend.tree import Items, Table, plain


class Unit:
    """A spec, or a file that it includes or uses.

    Attributes:
        tree: The file.
        blocks: The blocks that its layers can call: its own and those of included files.
        parser: Parses its layers.
        reader: Reads them.
        env: The values of its parameters.
    """

    def __init__(
        self,
        tree: Table,
        evaluator: Evaluator,
        report: list[Diagnostic],
        given: Mapping[str, object] | None = None,
    ) -> None:
        """Reads a file.

        Args:
            tree: The file, with those that it includes in place.
            evaluator: Evaluates formulas.
            report: Takes the faults.
            given: Values for its parameters.
        """
        self.tree = tree
        included: dict[str, Block] = {}
        include = tree.get("include")
        complete = not tree.faulty
        for part in include.items if isinstance(include, Items) else ():
            if isinstance(part, Table):
                unit = Unit(part, evaluator, report)
                complete &= unit.parser.complete
                for name, block in unit.blocks.items():
                    known = included.setdefault(name, block)
                    # A file that is included in two ways defines its blocks once.
                    if plain(known.unit.tree) != plain(block.unit.tree):
                        message = f"the block `{name}` is defined here and in {known.span.file}"
                        help_ = "give one of them another name"
                        report.append(Diagnostic("E109", message, block.span, help_))
        self.blocks: dict[str, Block]
        self.parser: Parser
        self.blocks, self.parser = parse_blocks(
            tree.get("blocks"), included, self, report, complete=complete
        )
        self.reader = Reader(tree, self.parser, evaluator, report)
        self.env = self.reader.env = self._parameters(report, given or {})
        check_defaults(tree.get("defaults"), self.parser, report)

    def _parameters(
        self, report: list[Diagnostic], given: Mapping[str, object]
    ) -> dict[str, object]:
        env: dict[str, object] = {}
        params = self.tree.get("params")
        for name, (key, value) in (params.entries if isinstance(params, Table) else {}).items():
            if name in WORDS:
                report.append(word_fault(name, key.span))
            if name in given:
                env[name] = given[name]
                continue
            try:
                env[name] = self.reader.evaluator.value(value, lookup_in(env))
            except Unknown:
                env[name] = UNKNOWN
        return env
