"""From the tree of a `layers` list to layers: what is called, with what, and its name.

Everything that can be judged without expanding a block is judged here, once: the form of
a layer, operators and blocks that do not exist, unknown fields, names. So the faults of
unused blocks are found too, and none is reported once per use.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from archspec import ops
from archspec.diagnostics import Diagnostic, Span
from archspec.frontend.layer import CONSTRUCTS, NESTING, RESERVED, Layer, Path, Signature
from archspec.frontend.names import Names, name_fault
from archspec.frontend.scope import beside
from archspec.frontend.suggest import field_help, operator_help
from archspec.frontend.treatments import KEYS as TREATED
from archspec.frontend.tree import Entry, Items, Scalar, Table, Tree, plain
from archspec.ir.graph import stem


class Parser:
    """Parses the layer lists of one file.

    Attributes:
        blocks: The signatures of the file's blocks, by name.
        complete: Whether these are all; else a fault, already reported, left some unknown.
        params: The parameters of the file, for help lines.
        block_params: Those of the block whose layers are parsed.
    """

    def __init__(
        self, blocks: dict[str, Signature], report: list[Diagnostic], *, complete: bool = True
    ) -> None:
        self.blocks = blocks
        self.complete = complete
        self.params: Collection[str] = ()
        self.block_params: Collection[str] = ()
        self._operators: dict[str, Signature] = {}
        self._report = report

    def signature(self, name: str) -> Signature | None:
        """Returns the signature of a block or operator, if there is one of that name."""
        known = self.blocks.get(name) or self._operators.get(name)
        if known is None and name in ops.names():
            op = ops.find(name)
            known = Signature(name, tuple(op.model_fields), op.input_names, op.primary, op)
            self._operators[name] = known
        return known

    def layers(self, tree: Tree, names: Names) -> tuple[Layer, ...]:
        """Returns the layers of a list."""
        if not isinstance(tree, Items):
            self.fault("E104", "a list of layers is wanted here", tree.span, "one `- layer` a line")
            return ()
        return tuple([self.layer(item, names) for item in tree.items])

    def layer(self, tree: Tree, names: Names) -> Layer:
        """Returns one layer; one that cannot be read calls nothing, so its output is unknown."""
        head, body = self.split(tree)
        if head is None:
            nothing = Scalar("", tree.span)
            component = names.default("layer")
            return Layer(nothing, "", component, names, {}, None, {}, (), faulty=True)
        kind = str(head.value)
        is_formula = kind.startswith("=")
        signature = None if is_formula else self.signature(kind)
        unknown = not is_formula and signature is None and kind not in CONSTRUCTS
        if unknown and self.complete:
            help_ = operator_help(
                kind, self.blocks, CONSTRUCTS, given=plain(body) if body else None,
                params=(*self.block_params, *self.params),
            )  # fmt: skip
            self.fault("E105", f"there is no operator or block `{kind}`", head.span, help_)
        entries = body.entries if isinstance(body, Table) else {}
        faults = len(self._report)
        reserved = {key: entry for key, entry in entries.items() if key in RESERVED}
        opens_scope = "name" in reserved or "repeat" in reserved
        for key in ("first", "last"):
            if key in reserved and "repeat" not in reserved:
                self.fault("E104", f"`{key}` is for repeated layers", reserved[key].key.span,
                           "add `repeat: …`, or give the arguments themselves")  # fmt: skip
        merges = kind == "residual" or (signature is not None and signature.variadic)
        leaf = "layer" if unknown else self.leaf(kind, entries)
        component = self.component(leaf, head, reserved, names)
        encloses = merges or kind == "group"
        inner = names
        if opens_scope and encloses:
            inner = Names()
            if merges:
                inner.default(leaf)  # the merge itself is a leaf inside
        rest = {key: entry for key, entry in entries.items() if key not in RESERVED}
        paths: list[Path] = []
        arguments: dict[str, Entry] = {}
        if kind in CONSTRUCTS:
            paths, arguments = self.construct(kind, head, body, rest, inner)
        elif signature is not None and signature.variadic:
            paths, arguments = self.merge(signature, head, body, rest, inner)
        elif signature is not None:
            paths, arguments = self.call(signature, rest, component, names)
        else:
            arguments = rest
        read = merges or kind in CONSTRUCTS or isinstance(body, Table)
        primary = None if read or paths else body
        faulty = len(self._report) > faults or (isinstance(body, Table) and body.faulty) or unknown
        return Layer(
            head, kind, component, inner, arguments, primary, reserved, tuple(paths),
            opens_scope=opens_scope,
            transparent=encloses and not opens_scope,
            treated=not reserved.keys().isdisjoint(("freeze", *TREATED)),
            faulty=faulty,
        )  # fmt: skip

    def split(self, tree: Tree) -> tuple[Scalar | None, Tree | None]:
        """Returns what a layer calls, and what it is given."""
        if isinstance(tree, Scalar) and isinstance(tree.value, str):
            return tree, None
        if isinstance(tree, Table) and len(tree.entries) == 1:
            (entry,) = tree.entries.values()
            empty = isinstance(entry.value, Scalar) and entry.value.value is None
            if not isinstance(entry.key.value, str):
                return None, None
            return entry.key, None if empty else entry.value
        if isinstance(tree, Table) and tree.faulty and not tree.entries:
            return None, None
        if isinstance(tree, Table) and tree.entries:
            names = list(tree.entries)
            second = tree.entries[names[1]].key.span
            help_ = f"indent it under `{names[0]}:`, or write `- {names[0]}: {{…}}` on one line"
            self.fault("E104", "a layer is one operator, but a second key follows", second, help_)
        else:
            help_ = "write `- relu`, `- linear: 10` or `- conv2d: {out_channels: 64, …}`"
            self.fault("E104", "this is not a layer", tree.span, help_)
        return None, None

    def component(self, leaf: str, head: Scalar, reserved: dict[str, Entry], names: Names) -> str:
        """Returns the layer's component of the name path."""
        if "name" in reserved:
            key, given = reserved["name"]
            if isinstance(given, Scalar):
                self.add(names.give(str(given.value), given.span))
                return str(given.value)
            self.fault("E108", "`name` must be a name, not a list or mapping", key.span,
                       "write `name: stem`; a layer's other keys stand beside it")  # fmt: skip
            return names.default("layer")
        if leaf.startswith("="):
            leaf = leaf[1:].strip()
            if not leaf.isidentifier():
                self.fault("E108", "a layer called by a formula needs a name", head.span,
                           "add `name: …`")  # fmt: skip
                leaf = "layer"
        name = names.default(leaf)
        fault = name_fault(name, head.span)
        if fault:
            self.add(fault._replace(help="add `name: …` with another name"))
        return name

    def leaf(self, kind: str, entries: dict[str, Entry]) -> str:
        """Returns what a layer is called by default; what cannot be called is a `layer`."""
        if kind == "residual":
            return "add"
        if kind == "use":
            return self.used_name(entries)
        return kind if kind.isascii() or kind.startswith("=") else "layer"

    def used_name(self, entries: dict[str, Entry]) -> str:
        """Returns what a spec that is used as a layer is called by default."""
        spec, variant = (
            entries[key].value if key in entries else None for key in ("spec", "variant")
        )
        name = spec.get("name") if isinstance(spec, Table) else None
        if not isinstance(name, Scalar):
            return "use"
        chosen = str(variant.value) if isinstance(variant, Scalar) else None
        text = stem(str(name.value), None if (chosen or "=").startswith("=") else chosen)
        return re.sub(r"\W", "_", text)

    def construct(
        self, kind: str, head: Scalar, body: Tree | None, rest: dict[str, Entry], names: Names
    ) -> tuple[list[Path], dict[str, Entry]]:
        """Returns the layers inside a construct, and its other keys."""
        allowed = CONSTRUCTS[kind]
        main = allowed[0]
        if isinstance(body, Items) or (isinstance(body, Scalar) and body.value is not None):
            rest = {main: Entry(head, body)}
        self.unknown(kind, rest, allowed, RESERVED)
        if main not in rest:
            if isinstance(body, Table) and body.faulty:
                return [], {}
            self.fault("E102", f"{kind} needs `{main}`", head.span, f"add `{main}: …`")
            return [], {}
        if kind not in NESTING:
            return [], {key: entry for key, entry in rest.items() if key in allowed}
        inner = Names() if kind == "auxiliary" else names
        value, span = rest[main].value, rest[main].key.span
        paths = [Path("", body.span if body is value else span, self.layers(value, inner), inner)]
        if "shortcut" in rest:
            paths.append(self.path(rest["shortcut"], names))
        return paths, {key: entry for key, entry in rest.items() if key == "weight"}

    def merge(
        self, signature: Signature, head: Scalar, body: Tree | None, rest: dict[str, Entry],
        names: Names,
    ) -> tuple[list[Path], dict[str, Entry]]:  # fmt: skip
        """Returns the paths of a merge, and its fields."""
        fields = {key: entry for key, entry in rest.items() if key in signature.arguments}
        if isinstance(body, Items):
            paths = [
                Path(str(i), item.span, (), Names(), item) for i, item in enumerate(body.items)
            ]
        else:
            each = rest.get("each")
            strays = self.strays(signature, rest)
            known = (*fields, *strays, "each")
            entries = [entry for key, entry in rest.items() if key not in known]
            for entry in entries:
                self.refuse_near_miss(entry.key, (*RESERVED, "each", *signature.arguments))
            paths = [self.path(entry, names) for entry in entries]
            if each is not None and "path" not in rest:
                self.fault("E102", "`each` needs `path`", each.key.span,
                           "add `path: [...]`, the layers that are made for each row")  # fmt: skip
            if each is not None:
                paths = [p._replace(each=each) if p.name == "path" else p for p in paths]
        if len(paths) < 2 and "each" not in rest:
            self.fault("E104", f"{signature.name} merges at least two paths", head.span,
                       f"write `{signature.name}: {{a: [...], b: [...]}}` or "
                       f"`{signature.name}: [name, name]`")  # fmt: skip
        return paths, fields

    def strays(self, signature: Signature, rest: dict[str, Entry]) -> dict[str, Entry]:
        """Returns what would be paths of a merge, but is meant for fields; it is reported."""
        elsewhere = signature.operator.keras_fields if signature.operator else {}
        strays = {
            key: entry
            for key, entry in rest.items()
            if key in elsewhere and isinstance(entry.value, Scalar)
        }
        self.unknown(signature, strays, signature.arguments)
        return strays

    def call(
        self, signature: Signature, rest: dict[str, Entry], component: str, names: Names
    ) -> tuple[list[Path], dict[str, Entry]]:
        """Returns the paths that fill inputs, and the other arguments.

        Their layers are in the scope of the block they are for; beside an operator, which
        is no scope, they are below a name of their own.
        """
        self.unknown(signature, rest, (*signature.arguments, *signature.inputs), RESERVED)
        paths: list[Path] = []
        arguments: dict[str, Entry] = {}
        for key, entry in rest.items():
            if key in signature.inputs and key not in signature.arguments:
                path = self.path(entry, Names())
                paths.append(path)
                if path.layers and signature.operator is not None:
                    self.add(names.give(beside(component, key), path.span))
            elif key in signature.arguments:
                arguments[key] = entry
        return paths, arguments

    def path(self, entry: Entry, names: Names) -> Path:
        """Returns a named path: layers, a reference, or `{when, from, layers}`."""
        key, value = entry
        name, span, inner = str(key.value), key.span, Names()
        if isinstance(value, Scalar):
            return Path(name, span, (), inner, value)
        if isinstance(value, Table):
            self.unknown("a path", value.entries, ("when", "from", "layers"))
            layers = value.get("layers")
            parsed = self.layers(layers, inner) if layers is not None else ()
            path = Path(name, span, parsed, inner, value.get("from"), value.get("when"))
        else:
            path = Path(name, span, self.layers(value, inner), inner)
        if path.layers:
            fault = names.give(name, span)
            if fault and fault.code == "E109":
                fault = fault._replace(help="rename it, or give the layer around it a `name:`")
            self.add(fault)
        return path

    def unknown(
        self,
        called: Signature | str,
        entries: dict[str, Entry],
        allowed: Iterable[str],
        reserved: Iterable[str] = (),
    ) -> None:
        """Reports the keys that are not allowed.

        Args:
            called: The operator, block or construct whose keys they are.
            entries: What is written.
            allowed: Its own keys.
            reserved: The keys that it shares with all layers.
        """
        if isinstance(called, Signature) and called.faulty:
            return
        own, shared = set(allowed), tuple(reserved)
        operator = called.operator if isinstance(called, Signature) else None
        is_block = isinstance(called, Signature) and operator is None
        code, word = ("E107", "parameter") if is_block else ("E101", "field")
        name = called.name if isinstance(called, Signature) else called
        for key, entry in entries.items():
            if key not in own:
                help_ = field_help(key, own, what=word, operator=operator, reserved=shared,
                                   given=plain(entry.value))  # fmt: skip
                self.fault(code, f"{name} has no {word} `{key}`", entry.key.span, help_)

    def refuse_near_miss(self, key: Scalar, words: Iterable[str]) -> None:
        """Reports a path whose name is a reserved key misspelt."""
        name = str(key.value)
        for word in words:
            longer, shorter = sorted((word, name), key=len, reverse=True)
            dropped = (longer[:i] + longer[i + 1 :] for i in range(len(longer)))
            if sorted(word) == sorted(name) or shorter in dropped:
                self.fault("E101", f"a path called `{name}` looks like a misspelt `{word}`",
                           key.span, "give the path another name")  # fmt: skip

    def add(self, diagnostic: Diagnostic | None) -> None:
        """Reports a diagnostic, if it is one."""
        if diagnostic:
            self._report.append(diagnostic)

    def fault(self, code: str, message: str, span: Span, help_: str) -> None:
        """Reports an error."""
        self._report.append(Diagnostic(code, message, span, help_))
