"""Puts the files that a spec names into its tree, so that all of it is in one piece.

`extends` is merged, `include` and `use` hold the tree of the file instead of its path. So a
spec that has been linked can be written down and compiled anywhere.
"""

from pathlib import Path
from typing import NamedTuple

from archspec.diagnostics import Diagnostic, SourceError, Span
from archspec.frontend import loader
from archspec.frontend.arguments import as_text
from archspec.frontend.limits import DEFAULTS, Limits, allow
from archspec.frontend.linked import Linked
from archspec.frontend.loader import Fault
from archspec.frontend.references import project_root, referred
from archspec.frontend.resolve import UsageError, check_variants, merged_defaults, resolve
from archspec.frontend.suggest import did_you_mean
from archspec.frontend.tree import Entry, Items, Scalar, Table, Tree, height, plain
from archspec.frontend.used_layers import with_used

MERGED = ("params", "defaults", "blocks", "variants")
"""The sections that `extends` merges key by key; all others are replaced."""

OWN = ("name", "title", "source", "expect", "extends")
"""What a spec does not take over from the one that it extends."""


class _File(NamedTuple):
    """A file that has been linked.

    Attributes:
        tree: What it says.
        files: How many files are in it.
        levels: How deep it nests.
    """

    tree: Table
    files: int
    levels: int


class Linker:
    """Links one spec."""

    def __init__(
        self,
        file: str,
        report: list[Diagnostic],
        limits: Limits = DEFAULTS,
        *,
        allow_outside: bool = False,
    ) -> None:
        """Prepares to link the spec in `file`.

        Args:
            file: The spec's path; paths outside of its project are refused.
            report: Takes the faults.
            limits: How large the spec may be.
            allow_outside: Whether they are allowed.
        """
        self._sources: dict[str, str] = {}
        self._root = None if allow_outside else project_root(file)
        self._report = report
        self._limits = limits
        self._files: dict[Path, _File | None] = {}
        self._chain = [Path(file).resolve()]
        self._count = 0
        self._full = False
        self._included: list[Table] = []
        self._used: list[Table] = []

    def link(self, tree: Table) -> Linked:
        """Returns the spec with every file that it names in place."""
        return Linked(self._linked(tree, 0), self._included, self._used, self._sources)

    def _linked(self, tree: Table, depth: int) -> Table:
        """Returns a file, which is so deep in the tree, with those that it names in place."""
        entries = dict(tree.entries)
        for section, place in (("layers", self._with_used), ("blocks", self._blocks)):
            if section in entries:
                value = place(entries[section].value, depth + 1)
                entries[section] = entries[section]._replace(value=value)
        include = entries.get("include")
        if include is not None and not isinstance(include.value, Table):
            named = include.value.items if isinstance(include.value, Items) else (include.value,)
            parts = [self._file(item, depth + 2) for item in named]
            found = [part for part in parts if part is not None]
            self._included += found
            entries["include"] = include._replace(value=Items(tuple(found), include.value.span))
            tree = tree._replace(faulty=tree.faulty or len(found) < len(parts))
        tree = tree._replace(entries=entries)
        return self._extended(tree, depth) if "extends" in entries else tree

    def _blocks(self, tree: Tree, depth: int) -> Tree:
        if not isinstance(tree, Table):
            return tree
        entries = dict(tree.entries)
        for name, (key, body) in tree.entries.items():
            layers = body.entries.get("layers") if isinstance(body, Table) else None
            if isinstance(body, Table) and layers is not None:
                placed = layers._replace(value=self._with_used(layers.value, depth + 2))
                entries[name] = Entry(
                    key, body._replace(entries={**body.entries, "layers": placed})
                )
        return tree._replace(entries=entries)

    def _with_used(self, layers: Tree, depth: int) -> Tree:
        return with_used(layers, depth, self._use)

    def _extended(self, tree: Table, depth: int) -> Table:
        """Returns a spec over the one that it extends."""
        own = {key: entry for key, entry in tree.entries.items() if key != "extends"}
        base = self._base(tree.entries["extends"].value, depth)
        if base is None:
            return tree._replace(entries=own, faulty=True)
        entries = {key: entry for key, entry in base.entries.items() if key not in OWN}
        entries = {key: _unexpecting(entry) if key == "variants" else entry
                   for key, entry in entries.items()}  # fmt: skip
        for key, entry in own.items():
            old = entries.get(key)
            entries[key] = _merged(old, entry, key) if key in MERGED and old else entry
            if key == "include" and old is not None:
                both = (*_items(old.value), *_items(entry.value))
                entries[key] = entry._replace(value=Items(both, entry.value.span))
        return tree._replace(entries=entries, faulty=tree.faulty or base.faulty)

    def _base(self, value: Tree, depth: int) -> Table | None:
        """Returns the spec that `extends` means, with its variant applied; `None` after a fault."""
        if not isinstance(value, Table):
            return self._file(value, depth)
        for key, entry in value.entries.items():
            if key not in ("spec", "variant"):
                help_ = did_you_mean(key, ("spec", "variant"), what="key")
                self._fault("E101", f"unknown key `extends.{key}`", entry.key.span, help_)
        spec, variant = value.get("spec"), value.get("variant")
        if spec is None:
            self._fault("E102", "`extends` needs `spec`", value.span,
                        "write `extends: {spec: base.yaml}`")  # fmt: skip
            return None
        base = self._file(spec, depth)
        if base is None or variant is None:
            return base
        if not isinstance(variant, Scalar) or variant.value is None:
            message = f"`variant` must be a name, not `{as_text(plain(variant))}`"
            self._fault("E103", message, variant.span, "write `variant: small`")
            return base
        check_variants(base, self._report)
        try:
            return resolve(base, str(variant.value), {}, base.span.file).tree
        except UsageError as error:
            self._fault("E110", error.message, value.span, error.help)
            return base

    def _use(self, entry: Entry, depth: int) -> Tree:
        """Returns what a `use` is given, with the spec in place."""
        value = entry.value
        if not isinstance(value, Table):
            value = Table({"spec": Entry(Scalar("spec", value.span), value)}, value.span)
        spec = value.get("spec")
        if spec is None:
            return value
        found = self._file(spec, depth + 1)
        entries = dict(value.entries)
        if found is None:
            del entries["spec"]
            return value._replace(entries=entries, faulty=True)
        self._used.append(found)
        entries["spec"] = entries["spec"]._replace(value=found)
        return value._replace(entries=entries)

    def _file(self, reference: Tree, depth: int) -> Table | None:
        """Returns the linked tree of a file, to stand so deep; `None` after a fault."""
        if isinstance(reference, Table):  # it is in place already
            return self._linked(reference, depth)
        if self._full:
            return None
        try:
            return self._found(reference, depth)
        except Fault as fault:
            self._report.append(fault.diagnostic)
            return None

    def _found(self, reference: Tree, depth: int) -> Table | None:
        path, span = referred(reference, self._root), reference.span
        real = Path(path).resolve()
        self._check_chain(path, real, span)
        self._check_size(depth + 1, span)
        if real not in self._files:
            before = self._count
            self._chain.append(real)
            tree = self._read(path, span, depth)
            self._chain.pop()
            files = 1 + self._count - before
            self._files[real] = _File(tree, files, height(tree)) if tree else None
            self._count = before
        known = self._files[real]
        if known is None:
            return None
        self._count += known.files
        self._check_size(depth + known.levels, span)
        return known.tree

    def _check_size(self, levels: int, span: Span) -> None:
        """Refuses, once, a spec that is too large with the files that it names."""
        if self._full:
            return
        most, deepest = self._limits.files, self._limits.depth
        self._full = self._count > most or levels > deepest
        if self._count > most:
            raise Fault("E008", f"more than {most:,} files are put together here", span,
                        f"name fewer files, or {allow('files')}")  # fmt: skip
        if levels > deepest:
            help_ = f"let fewer files stand inside of one another, or {allow('depth', levels)}"
            raise Fault("E008", f"with this file, nesting is deeper than {deepest:,} levels", span,
                        help_)  # fmt: skip

    def _check_chain(self, path: str, real: Path, span: Span) -> None:
        """Refuses a file that names itself, be it by others, and one after too many."""
        if real in self._chain:
            circle = [*self._chain[self._chain.index(real) :], real]
            names = " → ".join(file.name for file in circle)
            raise Fault("E111", f"{path} contains itself: {names}", span,
                        "break the circle of extends, include and use")  # fmt: skip
        most = self._limits.chain
        if len(self._chain) > most:
            raise Fault("E008", f"more than {most:,} files name one another in a row", span,
                        f"put several of them into one, or {allow('chain')}")  # fmt: skip

    def _read(self, path: str, span: Span, depth: int) -> Table | None:
        try:
            text = loader.read(path, self._limits)
            self._sources[path] = text
            tree = loader.parse(text, path, self._report, self._limits)
        except SourceError as error:
            self._fault("E001", error.diagnostic.message, span,
                        "a path is relative to the file that it stands in")  # fmt: skip
            return None
        except Fault as fault:
            self._report.append(fault.diagnostic)
            return None
        if not isinstance(tree, Table):
            self._fault("E104", f"{path} is not a mapping of keys to values", span, "")
            return None
        return self._linked(tree, depth)

    def _fault(self, code: str, message: str, span: Span, help_: str) -> None:
        self._report.append(Diagnostic(code, message, span, help_))


def _items(tree: Tree) -> tuple[Tree, ...]:
    return tree.items if isinstance(tree, Items) else ()


def _merged(old: Entry, new: Entry, key: str) -> Entry:
    """Returns a section over another; `defaults` are merged for each operator too."""
    if not isinstance(old.value, Table) or not isinstance(new.value, Table):
        return new
    over = merged_defaults if key == "defaults" else _over
    return new._replace(value=over(old.value, new.value))


def _over(old: Table, new: Table) -> Table:
    return new._replace(entries={**old.entries, **new.entries})


def _unexpecting(variants: Entry) -> Entry:
    """Returns variants without what they expect of the spec that they were written for."""
    if not isinstance(variants.value, Table):
        return variants
    entries = {}
    for name, entry in variants.value.entries.items():
        if isinstance(entry.value, Table):
            kept = {key: inner for key, inner in entry.value.entries.items() if key != "expect"}
            entry = entry._replace(value=entry.value._replace(entries=kept))
        entries[name] = entry
    return variants._replace(value=variants.value._replace(entries=entries))
