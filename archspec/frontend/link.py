"""Puts the files that a spec names into its tree, so that all of it is in one piece.

`extends` is merged, `include` and `use` hold the tree of the file instead of its path. So a
spec that has been linked can be written down and compiled anywhere.
"""

from pathlib import Path

from archspec.diagnostics import Diagnostic, SourceError, Span
from archspec.frontend import loader
from archspec.frontend.linked import Linked
from archspec.frontend.resolve import UsageError, resolve
from archspec.frontend.shipped import shipped_specs, shortest
from archspec.frontend.suggest import did_you_mean
from archspec.frontend.tree import Entry, Items, Scalar, Table, Tree

MAX_FILES = 1000
"""The most files in one piece, each counted as often as it is named."""

MERGED = ("params", "defaults", "blocks", "variants")
"""The sections that `extends` merges key by key; all others are replaced."""

OWN = ("name", "title", "source", "expect", "extends")
"""What a spec does not take over from the one that it extends."""

ROOT_MARKS = (".git", "pyproject.toml")
"""What the root of a project holds."""


class Linker:
    """Links one spec."""

    def __init__(self, file: str, report: list[Diagnostic], *, allow_outside: bool = False) -> None:
        """Prepares to link the spec in `file`.

        Args:
            file: The spec's path; paths outside of its project are refused.
            report: Takes the faults.
            allow_outside: Whether they are allowed.
        """
        self._sources: dict[str, str] = {}
        self._root = None if allow_outside else project_root(file)
        self._report = report
        self._files: dict[Path, tuple[Table, int] | None] = {}
        self._chain = [Path(file).resolve()]
        self._count = 0
        self._included: list[Table] = []
        self._used: list[Table] = []

    def link(self, tree: Table) -> Linked:
        """Returns the spec with every file that it names in place."""
        return Linked(self._linked(tree), self._included, self._used, self._sources)

    def _linked(self, tree: Table) -> Table:
        entries = dict(tree.entries)
        for section in ("layers", "blocks"):
            if section in entries:
                entries[section] = entries[section]._replace(
                    value=self._with_used(entries[section].value)
                )
        include = entries.get("include")
        if include is not None and isinstance(include.value, Items):
            parts = [self._file(item) for item in include.value.items]
            found = [part for part in parts if part is not None]
            self._included += found
            entries["include"] = include._replace(value=Items(tuple(found), include.value.span))
        tree = tree._replace(entries=entries)
        return self._extended(tree) if "extends" in entries else tree

    def _extended(self, tree: Table) -> Table:
        """Returns a spec over the one that it extends."""
        value = tree.entries["extends"].value
        spec, variant = value, None
        if isinstance(value, Table):
            spec, chosen = value.get("spec") or value, value.get("variant")
            variant = str(chosen.value) if isinstance(chosen, Scalar) else None
            for key, entry in value.entries.items():
                if key not in ("spec", "variant"):
                    help_ = did_you_mean(key, ("spec", "variant"), what="key")
                    message = f"unknown key `extends.{key}`"
                    self._report.append(Diagnostic("E101", message, entry.key.span, help_))
        own = {key: entry for key, entry in tree.entries.items() if key != "extends"}
        base = self._file(spec)
        if base is None:
            return tree._replace(entries=own, faulty=True)
        try:
            base = resolve(base, variant, {}, base.span.file).tree if variant else base
        except UsageError as error:
            self._report.append(Diagnostic("E110", error.message, value.span, error.help))
        entries = {key: entry for key, entry in base.entries.items() if key not in OWN}
        entries = {key: _unexpecting(entry) if key == "variants" else entry
                   for key, entry in entries.items()}  # fmt: skip
        for key, entry in own.items():
            old = entries.get(key)
            merges = key in MERGED and old is not None
            entries[key] = _merged(old, entry, key) if merges and old else entry
            if key == "include" and old is not None:
                both = (*_items(old.value), *_items(entry.value))
                entries[key] = entry._replace(value=Items(both, entry.value.span))
        return tree._replace(entries=entries)

    def _with_used(self, tree: Tree) -> Tree:
        """Returns a tree with the specs that its layers use in place."""
        if isinstance(tree, Items):
            return tree._replace(items=tuple(map(self._with_used, tree.items)))
        if isinstance(tree, Scalar):
            return tree
        entries = {}
        for key, entry in tree.entries.items():
            is_use = key == "use" and not isinstance(entry.value, Items)
            value = self._use(entry) if is_use else self._with_used(entry.value)
            entries[key] = entry._replace(value=value)
        return tree._replace(entries=entries)

    def _use(self, entry: Entry) -> Tree:
        value = entry.value
        if isinstance(value, Scalar):
            value = Table({"spec": Entry(Scalar("spec", value.span), value)}, value.span)
        spec = value.get("spec") if isinstance(value, Table) else None
        if not isinstance(value, Table) or spec is None:
            return value
        found = self._file(spec)
        entries = dict(value.entries)
        if found is None:
            del entries["spec"]
            return value._replace(entries=entries, faulty=True)
        self._used.append(found)
        entries["spec"] = entries["spec"]._replace(value=found)
        return value._replace(entries=entries)

    def _file(self, reference: Tree) -> Table | None:
        """Returns the linked tree of a file; `None` after a fault."""
        if isinstance(reference, Table):  # it is in place already
            return self._linked(reference)
        path = self._path(reference)
        if path is None:
            return None
        real = Path(path).resolve()
        if real in self._chain:
            names = " → ".join(
                file.name for file in [*self._chain[self._chain.index(real) :], real]
            )
            self._fault("E111", f"{path} contains itself: {names}", reference.span,
                        "break the circle of extends, include and use")  # fmt: skip
            return None
        if real not in self._files:
            before = self._count
            self._chain.append(real)
            tree = self._read(path, reference.span)
            self._chain.pop()
            self._files[real] = (tree, 1 + self._count - before) if tree else None
            self._count = before
        known = self._files[real]
        if known is None:
            return None
        tree, count = known
        self._count += count
        if self._count > MAX_FILES:
            self._fault("E008", f"more than {MAX_FILES:,} files are put together here",
                        reference.span, "name fewer files")  # fmt: skip
            return None
        return tree

    def _path(self, reference: Tree) -> str | None:
        """Returns the path that a reference means; `None` after a fault."""
        text = reference.value if isinstance(reference, Scalar) else None
        if not isinstance(text, str) or not text or text.startswith("="):
            self._fault("E103", "the path of a file, or the name of a shipped spec, is wanted here",
                        reference.span, "write it out, as in `use: resnet`")  # fmt: skip
            return None
        shipped = shipped_specs()
        if "/" not in text and Path(text).suffix not in (".yaml", ".yml"):
            if text in shipped:
                return shortest(shipped[text])
            self._fault("E001", f"no spec called `{text}` ships with archspec", reference.span,
                        did_you_mean(text, shipped, what="spec"))  # fmt: skip
            return None
        folder = Path(reference.span.file).parent
        path = folder / text
        if self._root is not None and not path.resolve().is_relative_to(self._root):
            self._fault("E009", f"{text} is outside of the project {self._root}", reference.span,
                        "move the file into it, or allow it with --allow-outside")  # fmt: skip
            return None
        return shortest(path)

    def _read(self, path: str, span: Span) -> Table | None:
        try:
            text = loader.read(path)
            self._sources[path] = text
            tree = loader.parse(text, path, self._report)
        except SourceError as error:
            self._fault("E001", error.diagnostic.message, span,
                        "a path is relative to the file that it stands in")  # fmt: skip
            return None
        except loader.Fault as fault:
            self._report.append(fault.diagnostic)
            return None
        if not isinstance(tree, Table):
            self._fault("E104", f"{path} is not a mapping of keys to values", span, "")
            return None
        return self._linked(tree)

    def _fault(self, code: str, message: str, span: Span, help_: str) -> None:
        self._report.append(Diagnostic(code, message, span, help_))


def project_root(file: str) -> Path:
    """Returns the folder that a spec's files may come from.

    It is the nearest one above the spec that looks like a project's root, or the spec's own.
    """
    folder = Path(file).resolve().parent
    for above in (folder, *folder.parents):
        if any((above / mark).exists() for mark in ROOT_MARKS):
            return above
    return folder


def _items(tree: Tree) -> tuple[Tree, ...]:
    return tree.items if isinstance(tree, Items) else ()


def _merged(old: Entry, new: Entry, key: str) -> Entry:
    """Returns a section over another; `defaults` are merged for each operator too."""
    if not isinstance(old.value, Table) or not isinstance(new.value, Table):
        return new
    entries = dict(old.value.entries)
    for name, entry in new.value.entries.items():
        known = entries.get(name)
        entries[name] = _merged(known, entry, "") if known and key == "defaults" else entry
    return new._replace(value=new.value._replace(entries=entries))


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
