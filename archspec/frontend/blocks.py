"""The blocks of a file: their signatures and layers, and the values of their parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from archspec import ops
from archspec.diagnostics import Diagnostic, Label, Span
from archspec.frontend.arguments import TYPES, Argument, Evaluator, Unknown, as_text
from archspec.frontend.layer import CONSTRUCTS, RESERVED, Layer, Signature
from archspec.frontend.names import Names
from archspec.frontend.suggest import field_help, operator_help
from archspec.frontend.syntax import Parser
from archspec.frontend.treatments import KEYS as TREATED
from archspec.frontend.treatments import OUTPUT_KEYS
from archspec.frontend.tree import Entry, Items, Scalar, Table, Tree

if TYPE_CHECKING:
    from archspec.frontend.unit import Unit

WORDS = ("in", "index", "count", "and", "or", "not", "if", "else", "true", "false")
"""The words of formulas."""


class Block(NamedTuple):
    """A block as written.

    Attributes:
        signature: How it is called.
        params: The declarations of its parameters.
        layers: Its layers.
        names: The names of its layers.
        outputs: What leaves it, if not the last layer.
        unit: The file it stands in.
        span: Where its name stands.
    """

    signature: Signature
    params: Mapping[str, Entry]
    layers: tuple[Layer, ...]
    names: Names
    outputs: Tree | None
    unit: Unit
    span: Span

    def output_names(self) -> tuple[str, ...]:
        """Returns the names of what leaves the block."""
        if isinstance(self.outputs, Table):
            return tuple(self.outputs.entries)
        return ("output",)


def parse_blocks(
    tree: Tree | None,
    included: Mapping[str, Block],
    unit: Unit,
    report: list[Diagnostic],
    *,
    complete: bool,
) -> tuple[dict[str, Block], Parser]:
    """Returns the blocks that a file can call, and the parser that knows them.

    Args:
        tree: The file's `blocks`.
        included: The blocks of the files that it includes.
        unit: The file.
        report: Takes the faults.
        complete: Whether all files that may define blocks could be read.
    """
    entries = tree.entries if isinstance(tree, Table) else {}
    bodies = {name: e.value for name, e in entries.items() if isinstance(e.value, Table)}
    signatures = {name: _signature(name, body) for name, body in bodies.items()}
    parser = Parser(
        {name: b.signature for name, b in included.items()} | signatures, report, complete=complete
    )
    parser.params = _entries(unit.tree, "params")
    blocks = dict(included)
    for name, body in bodies.items():
        span = entries[name].key.span
        if name in included:
            message = f"the block `{name}` is defined here and in {included[name].span.file}"
            report.append(Diagnostic("E109", message, span, "give one of them another name"))
        _check_names(name, span, _entries(body, "params"), signatures[name], report)
        _check_inputs(name, body.get("inputs"), report)
        names = Names()
        for input_ in signatures[name].inputs:
            names.given[input_] = span
        layers = body.get("layers")
        parser.block_params = signatures[name].arguments
        blocks[name] = Block(
            signatures[name],
            _entries(body, "params"),
            parser.layers(layers, names) if isinstance(layers, Items) else (),
            names,
            body.get("outputs"),
            unit,
            span,
        )
    parser.block_params = ()
    return blocks, parser


def bind(
    block: Block,
    arguments: Mapping[str, Argument],
    call: Span,
    evaluator: Evaluator,
    lookup: Callable[[str], object],
    report: list[Diagnostic],
    *,
    faulty: bool,
) -> dict[str, object]:
    """Returns the values of a block's parameters in one call.

    Args:
        block: The block.
        arguments: The values given.
        call: Where the block is called.
        evaluator: Evaluates defaults.
        lookup: What a default may refer to besides earlier parameters.
        report: Takes the faults.
        faulty: Whether the call had faults, which what is missing may be about.

    Raises:
        Unknown: Values are missing or do not fit; the faults have been reported.
    """
    faults = len(report)
    known = block.params
    for name, given in arguments.items():
        if name not in known and not block.signature.faulty:
            message = f"{block.signature.name} has no parameter `{name}`"
            help_ = field_help(name, known, what="parameter", reserved=RESERVED)
            report.append(Diagnostic("E107", message, given.key_span, help_))
    values: dict[str, object] = {}

    def visible(name: str) -> object:
        return values[name] if name in values else lookup(name)

    for name, (key, declared) in known.items():
        type_ = _type(declared)
        argument = arguments.get(name)
        if argument is None and type_ is None:
            values[name] = evaluator.value(declared, visible)
        elif argument is None and faulty:
            raise Unknown
        elif argument is None:
            message = f"{block.signature.name} needs `{name}` ({type_})"
            asked = Label(key.span, "it is asked for here")
            report.append(Diagnostic("E107", message, call, f"add `{name}: …`", (asked,)))
        elif type_ is not None and not TYPES[type_](argument.value):
            text = as_text(argument.value)
            is_name = isinstance(argument.value, str) and text.isidentifier()
            help_ = f"if `{text}` is a parameter, write `={text}`" if is_name else ""
            message = f"`{name}` must be of type {type_}, not `{text}`"
            report.append(Diagnostic("E103", message, argument.span, help_))
        else:
            values[name] = argument.value
    if len(report) > faults:
        raise Unknown
    return values


TYPES_ELSEWHERE: Mapping[str, str] = {
    "array": "list", "boolean": "bool", "double": "float", "float32": "float",
    "float64": "float", "int32": "int", "int64": "int", "integer": "int", "number": "float",
    "string": "str", "tuple": "list",
}  # fmt: skip
"""Words of other languages for the types of parameters; as defaults they would hide a mistake."""


def _type(declared: Tree) -> str | None:
    """Returns the type word of a required parameter, also misspelt, `None` for a default."""
    word = declared.value if isinstance(declared, Scalar) else None
    if not isinstance(word, str):
        return None
    if word in TYPES:
        return word
    meant = TYPES_ELSEWHERE.get(word.lower(), word.lower())
    return meant if meant in TYPES else None


def _signature(name: str, body: Table) -> Signature:
    params = tuple(_entries(body, "params"))
    inputs = body.get("inputs")
    written = inputs.items if isinstance(inputs, Items) else ()
    names = tuple(str(item.value) for item in written if isinstance(item, Scalar))
    declared = body.get("params")
    misspelt = declared is None and not body.entries.keys() <= {"inputs", "layers", "outputs"}
    faulty = misspelt or (isinstance(declared, Table) and declared.faulty)
    primary = params[0] if params else None
    return Signature(name, params, names or ("input",), primary, faulty=faulty)


def _entries(body: Table, key: str) -> Mapping[str, Entry]:
    table = body.get(key)
    return table.entries if isinstance(table, Table) else {}


def check_defaults(tree: Tree | None, parser: Parser, report: list[Diagnostic]) -> None:
    """Reports what `defaults` says of operators, blocks and fields that do not exist."""
    for name, (key, fields) in (tree.entries if isinstance(tree, Table) else {}).items():
        if name in TREATED:
            if name in OUTPUT_KEYS:
                message = f"`{name}` is for single layers, not for all of a file"
                report.append(Diagnostic("E103", message, key.span, "write it on a layer"))
            continue
        signature = parser.signature(name)
        if signature is None and not parser.complete:
            continue
        if signature is None:
            help_ = operator_help(name, parser.blocks)
            report.append(
                Diagnostic("E105", f"there is no operator or block `{name}`", key.span, help_)
            )
        elif not isinstance(fields, Table):
            message = f"`defaults.{name}` must be a mapping of fields"
            report.append(Diagnostic("E103", message, fields.span, f"write `{name}: {{…}}`"))
        else:
            parser.unknown(signature, fields.entries, (*signature.arguments, *TREATED), TREATED)
            for treated in OUTPUT_KEYS if signature.operator is None else ():
                if treated in fields.entries:
                    span = fields.entries[treated].key.span
                    message = f"`{treated}` of a block is said where it is called"
                    report.append(Diagnostic("E103", message, span, "write it on the call"))


def word_fault(param: str, span: Span) -> Diagnostic:
    """Returns the fault of a parameter that has the name of a word of the language."""
    message = f"a parameter cannot be called `{param}`: it is a word of the language"
    return Diagnostic("E108", message, span, "rename the parameter")


def _check_names(
    name: str,
    span: Span,
    params: Mapping[str, Entry],
    signature: Signature,
    report: list[Diagnostic],
) -> None:
    if name in ops.names() or name in CONSTRUCTS:
        message = f"the block `{name}` has the name of an operator"
        report.append(Diagnostic("E109", message, span, "give the block another name"))
    for param, (key, declared) in params.items():
        type_ = _type(declared)
        if type_ and isinstance(declared, Scalar) and declared.value != type_:
            message = f"there is no type `{declared.value}`"
            help_ = f"did you mean `{type_}`? The word itself, as a text, is `='{declared.value}'`"
            report.append(Diagnostic("E103", message, declared.span, help_))
        if param in RESERVED or param in WORDS:
            report.append(word_fault(param, key.span))
        elif param in signature.inputs:
            message = f"`{param}` is both a parameter and an input of {name}"
            report.append(Diagnostic("E109", message, key.span, "rename one of them"))


def _check_inputs(name: str, inputs: Tree | None, report: list[Diagnostic]) -> None:
    """Reports inputs of a block whose names are taken."""
    seen: dict[object, Span] = {}
    for item in inputs.items if isinstance(inputs, Items) else ():
        if not isinstance(item, Scalar):
            continue  # the schema reports it
        if item.value in RESERVED:
            message = f"an input of {name} cannot be called `{item.value}`, as every layer has that"
            report.append(Diagnostic("E108", message, item.span, "rename the input"))
        elif item.value in seen:
            message = f"{name} has two inputs called `{item.value}`"
            first = Label(seen[item.value], "the first one")
            report.append(Diagnostic("E109", message, item.span, "rename one of them", (first,)))
        seen.setdefault(item.value, item.span)
