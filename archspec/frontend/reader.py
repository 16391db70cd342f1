"""Reads what a layer says: values, references, arguments.

The builder expands; this decides what the words of a layer mean at its place.
"""

from collections.abc import Callable, Mapping, Sequence

from archspec.diagnostics import Diagnostic, Label, Span
from archspec.frontend.arguments import Argument, Evaluator, Unknown, as_text, is_formula
from archspec.frontend.layer import Layer, Signature
from archspec.frontend.scope import Flow, Result, Scope, Turn
from archspec.frontend.suggest import did_you_mean, operator_help
from archspec.frontend.syntax import Parser
from archspec.frontend.treatments import KEYS as TREATED
from archspec.frontend.treatments import read_key
from archspec.frontend.tree import Entry, Items, Scalar, Table, Tree, plain
from archspec.ir.graph import Value
from archspec.ir.op import Operator

Lookup = Callable[[str], object]

MOST_ALIKE = 3
"""The most layers that are pointed at where a name could mean several."""

UNKNOWN = object()
"""The value of a parameter that a fault, already reported, left unknown."""


class Reader:
    """Reads the layers of one spec.

    Attributes:
        evaluator: Evaluates formulas.
        env: The values of the file's parameters.
    """

    def __init__(
        self,
        tree: Table,
        parser: Parser,
        evaluator: Evaluator,
        report: list[Diagnostic],
    ) -> None:
        self.evaluator = evaluator
        self.env: dict[str, object] = {}
        self._tree = tree
        self._parser = parser
        self._report = report
        self._defaults: dict[str, dict[str, Argument]] = {}
        self._treated: dict[str, dict[str, object]] = {}

    def file_value(self, name: str) -> object:
        """Returns the value of one of the file's parameters.

        Raises:
            KeyError: There is none of this name.
            Unknown: A fault left it unknown.
        """
        return lookup_in(self.env)(name)

    def source(self, tree: Tree, scope: Scope) -> Flow:
        """Returns the values a `from` names: all of one result, or the main ones of several."""
        if isinstance(tree, Scalar):
            return tuple(self.reference(tree, scope).values())
        if isinstance(tree, Items) and tree.items:
            results = [self.reference(item, scope) for item in tree.items]
            return tuple(next(iter(result.values())) for result in results)
        self.fault("E106", "a name, or a list of names, is wanted here", tree.span,
                   "for example `from: stem`, or `from: [stem, skip]`")  # fmt: skip
        raise Unknown

    def reference(self, tree: Tree, scope: Scope) -> Result:
        """Returns the result that a name, or `name.output`, refers to."""
        text = tree.value if isinstance(tree, Scalar) else None
        if not isinstance(text, str):
            help_ = "give the layer that is meant a `name:`, and write that"
            if isinstance(tree, Items):
                help_ = "paths of layers have names: `{a: [relu], b: [tanh]}`"
            self.fault("E106", "the name of a layer is wanted here", tree.span, help_)
            raise Unknown
        name, _, output = text.partition(".")
        result = scope.find(name)
        if result is None:
            help_ = did_you_mean(name, set(scope.visible()), what="name")
            if self._parser.signature(name) is not None:
                help_ = f"layers of a path are written in brackets: `[{name}]`"
            self.fault("E106", f"nothing above is called `{name}`", tree.span, help_)
            raise Unknown
        if scope.ambiguous(name):
            self._refuse_ambiguous(name, tree.span, scope)
            raise Unknown
        if not output:
            return result
        if output not in result:
            self.fault("E106", f"`{name}` has no output `{output}`", tree.span,
                       did_you_mean(output, result, what="output"))  # fmt: skip
            raise Unknown
        return {output: result[output]}

    def _refuse_ambiguous(self, name: str, span: Span, scope: Scope) -> None:
        """Reports a name that a layer has by default, as others of its kind have."""
        alike = [*scope.alike(name)]
        kind = alike[0].component if alike else name
        message = f"several layers here are called `{name}` by default"
        if name != kind:
            message = f"`{name}` is only a number among the layers called `{kind}` by default"
        help_ = "give the layer that is meant a `name:`"
        if name != kind:
            help_ += f"; numbers change when a `{kind}` is put above"
        labels = [Label(layer.head.span, f"`{layer.component}`") for layer in alike[:MOST_ALIKE]]
        self.fault("E109", message, span, help_, labels)

    def arguments(self, entries: Mapping[str, Entry], lookup: Lookup) -> dict[str, Argument]:
        """Returns the values of arguments."""
        return {
            name: Argument(self.evaluator.value(value, lookup), value.span, key.span)
            for name, (key, value) in entries.items()
        }

    def called(self, layer: Layer, lookup: Lookup) -> tuple[str, dict[str, Argument]]:
        """Returns the operator or block that is called, and what its formula gives it."""
        if not is_formula(layer.head):
            return layer.kind, {}
        target, span = self.evaluator.value(layer.head, lookup), layer.head.span
        fields: object = None
        if isinstance(target, Mapping) and len(target) == 1:
            ((target, fields),) = target.items()
        if not isinstance(target, str) or self._parser.signature(target) is None:
            self._refuse_target(layer.head, target)
            raise Unknown
        if isinstance(fields, Mapping):
            return target, {key: Argument(value, span, span) for key, value in fields.items()}
        signature = self._parser.signature(target)
        if fields is None or signature is None or signature.primary is None:
            return target, {}
        return target, {signature.primary: Argument(fields, span, span)}

    def _refuse_target(self, head: Scalar, target: object) -> None:
        """Reports a call of what is no operator or block, and where its parameter says so."""
        params = self._tree.get("params")
        entries = params.entries if isinstance(params, Table) else {}
        said = entries.get(str(head.value)[1:].strip())
        labels = [Label(said.value.span, "called by this")] if said else []
        help_ = ""
        if isinstance(target, str):
            # It is said as a layer there, and is the value of a parameter here.
            help_ = operator_help(target, self._parser.blocks).replace("`- ", "`")
        message = f"`{as_text(target)}` is not an operator or block"
        self.fault("E105", message, head.span, help_, labels)

    def lookup(
        self, scope: Scope, inflow: Flow, extra: Mapping[str, object] | None = None
    ) -> Lookup:
        """Returns what the names of a formula mean at a layer."""

        def find(name: str) -> object:
            if name == "in":
                return type_of(inflow[0] if inflow else None)
            if extra and name in extra:
                return extra[name]
            if name in scope.env:
                return lookup_in(scope.env)(name)
            result = scope.find(name)
            if result is None:
                known = {*scope.env, *scope.visible(), "in"}
                raise KeyError(name, did_you_mean(name, known, what="name"))
            return type_of(next(iter(result.values())))

        return find

    def condition(self, entry: Entry | None, scope: Scope, inflow: Flow) -> bool:
        """Returns whether a `when` holds."""
        if entry is None:
            return True
        value = self.evaluator.value(entry.value, self.lookup(scope, inflow))
        if not isinstance(value, bool):
            self.fault("E103", f"`when` must be true or false, not `{as_text(value)}`",
                       entry.value.span, _condition_help(value))  # fmt: skip
            raise Unknown
        return value

    def validated(
        self, operator: type[Operator], given: Mapping[str, Argument], layer: Layer
    ) -> Operator | None:
        """Returns the operator with the fields given, or `None` after a fault."""
        from archspec.frontend.validation import validate_arguments

        report: list[Diagnostic] = []
        op = validate_arguments(operator, given, layer.head.span, report)
        # What is missing in a layer that had faults may be what they are about.
        self._report += [d for d in report if d.code != "E102" or not layer.faulty]
        return op

    def defaults(self, signature: Signature) -> dict[str, Argument]:
        """Returns what the file's `defaults` say of an operator or block."""
        known = self._defaults.get(signature.name)
        if known is None:
            defaults = self._tree.get("defaults")
            fields = defaults.get(signature.name) if isinstance(defaults, Table) else None
            entries = fields.entries if isinstance(fields, Table) else {}
            known = self._defaults[signature.name] = self.arguments(entries, self.file_value)
        return known

    def treated_defaults(self, name: str) -> Mapping[str, object]:
        """Returns what the file's `defaults` say of the weights of an operator or block.

        Without a name it is what they say of all weights in the file.
        """
        known = self._treated.get(name)
        if known is None:
            signature = self._parser.signature(name) if name else None
            defaults = self.defaults(signature) if signature else {}
            if not name:
                table = self._tree.get("defaults")
                entries = table.entries if isinstance(table, Table) else {}
                whole = {key: entry for key, entry in entries.items() if key in TREATED}
                defaults = self.arguments(whole, self.file_value)
            known = self._treated[name] = {
                key: read_key(key, value, self._report.append)
                for key, value in defaults.items()
                if key in TREATED
            }
        return known

    def outputs(self, tree: Tree | None, scope: Scope, flow: Flow) -> Result:
        """Returns what `outputs` names, or the flow's main value."""
        if tree is None:
            return {"output": flow[0] if flow else None}
        if isinstance(tree, Table):
            named = [(name, entry.value) for name, entry in tree.entries.items()]
        else:
            items = tree.items if isinstance(tree, Items) else (tree,)
            named = [(str(plain(item)).rpartition(".")[2], item) for item in items]
        if not named or len(dict(named)) < len(named):
            self.fault(
                "E109" if named else "E102",
                "two outputs have one name" if named else "`outputs` names nothing",
                tree.span,
                "write `outputs: {NAME: LAYER, …}`",
            )
            raise Unknown
        made: dict[str, Value | None] = {}
        for name, item in named:
            try:
                made[name] = next(iter(self.reference(item, scope).values()))
            except Unknown:
                made[name] = None
        return made

    def expect(self, layer: Layer, scope: Scope, result: Result) -> None:
        """Compares a layer's output with the shape that its `expect` asserts."""
        entry = layer.reserved.get("expect")
        value = next(iter(result.values()))
        if entry is None or value is None:
            return
        wanted = self.evaluator.value(entry.value, self.lookup(scope, (value,)))
        shape = tuple(size if isinstance(size, int) else str(size) for size in value.type.example)
        if not isinstance(wanted, tuple) or _without_spaces(wanted) != _without_spaces(shape):
            self.fault(
                "E301",
                f"the output is {as_text(shape)}, not {as_text(wanted)} as expected",
                entry.value.span,
                "correct the network, or the shape if the network is right",
            )

    def weight(self, turn: Turn) -> float:
        """Returns the weight of a head's loss."""
        if "weight" not in turn.layer.arguments:
            return 1.0
        entry = turn.layer.arguments["weight"]
        weight = self.evaluator.value(entry.value, turn.lookup())
        if isinstance(weight, (int, float)) and not isinstance(weight, bool) and weight >= 0:
            return float(weight)
        self.fault(
            "E103",
            f"`weight` must be a number of at least 0, not `{as_text(weight)}`",
            entry.value.span,
            "for example `weight: 0.3`",
        )
        raise Unknown

    def fault(
        self, code: str, message: str, span: Span, help_: str = "", labels: Sequence[Label] = ()
    ) -> None:
        """Reports an error."""
        self._report.append(Diagnostic(code, message, span, help_, tuple(labels)))


def _condition_help(value: object) -> str:
    from archspec.frontend.value_help import text_help  # only a faulty spec needs it

    hint = text_help(value, of_layer=True, wants_number=True) if isinstance(value, str) else ""
    return hint or "compare something, as in `when: =stride > 1`"


def _without_spaces(shape: tuple[object, ...]) -> list[str]:
    return [str(size).replace(" ", "") for size in shape]


def lookup_in(env: Mapping[str, object]) -> Lookup:
    """Returns the lookup of names in an environment."""

    def find(name: str) -> object:
        if env[name] is UNKNOWN:
            raise Unknown
        return env[name]

    return find


def type_of(value: Value | None) -> object:
    """Returns what a formula sees of a value.

    Raises:
        Unknown: A fault left the value unknown.
    """
    if value is None:
        raise Unknown
    return value.type
