"""From a spec file with variants to the one spec that is meant.

Variants, `--set` and defaults are applied to the tree, so what they bring keeps the
place it was written at, and the result is a spec of its own.
"""

from collections.abc import Mapping
from typing import NamedTuple

from archspec.diagnostics import Diagnostic, Refusal, Span
from archspec.frontend import loader
from archspec.frontend.suggest import did_you_mean
from archspec.frontend.treatments import KEYS as TREATED
from archspec.frontend.tree import Entry, Items, Scalar, Table, Tree, height, plain
from archspec.ir.graph import stem

RESERVED = ("extends", "inputs", "defaults", "expect")
"""The keys of a variant that are not parameters."""


class UsageError(Refusal):
    """What was asked of a spec does not exist in it."""


class Setting(str):
    """A `--set` where the file of a place is named: it is none, however files are called."""

    __slots__ = ()


class Resolved(NamedTuple):
    """A spec without variants.

    Attributes:
        tree: The spec.
        variant: The variant that was applied.
        expect_skipped: Whether the file's expectations were dropped because something
            they depend on was changed.
    """

    tree: Table
    variant: str | None
    expect_skipped: bool


def check_variants(tree: Table, report: list[Diagnostic]) -> None:
    """Reports unknown keys, unknown bases and cycles in all variants of a spec."""
    variants = _table(tree.get("variants"))
    cyclic = _cyclic(variants)
    known = {*_table(tree.get("params")).entries, *RESERVED}
    for name, entry in variants.entries.items():
        body = _table(entry.value)
        for key, (key_scalar, _) in body.entries.items():
            if key not in known:
                message = f"variant {name}: the spec has no parameter `{key}`"
                help_ = did_you_mean(key, known, what="parameter")
                report.append(Diagnostic("E107", message, key_scalar.span, help_))
        base = body.get("extends")
        if isinstance(base, Scalar) and str(base.value) not in variants.entries:
            message = f"variant {name} extends `{base.value}`, which does not exist"
            help_ = did_you_mean(str(base.value), variants.entries, what="variant")
            report.append(Diagnostic("E110", message, base.span, help_))
        elif base is not None and name in cyclic:
            message = f"variant {name} extends itself"
            report.append(Diagnostic("E110", message, base.span, "break the circle of `extends`"))


def resolve(tree: Table, variant: str | None, settings: Mapping[str, str], file: str) -> Resolved:
    """Returns the spec with a variant and settings applied.

    Args:
        tree: The spec as written.
        variant: The variant's name, or `None` for the spec as it stands.
        settings: Values by parameter, `inputs.NAME`, or dotted path into `train`, as YAML.
        file: The spec's file, for messages.

    Raises:
        UsageError: The variant or a setting's key does not exist.
    """
    entries = {key: entry for key, entry in tree.entries.items() if key != "variants"}
    variants = _table(tree.get("variants"))
    for name in _lineage(variants, variant, file):
        entries.pop("expect", None)
        _apply_variant(entries, _table(variants.get(name)))
    for key, text in settings.items():
        if _apply_setting(entries, key, text):
            entries.pop("expect", None)  # the network may differ from what is expected
    skipped = "expect" in tree.entries and "expect" not in entries
    entry = entries.get("name")
    if variant and entry and isinstance(entry.value, Scalar) and isinstance(entry.value.value, str):
        value = Scalar(stem(entry.value.value, variant), entry.value.span)
        entries["name"] = entry._replace(value=value)
    return Resolved(Table(entries, tree.span), variant, skipped)


def dump(tree: Table) -> str:
    """Returns the tree as YAML text that reads back as the same tree."""
    import yaml

    from archspec.frontend.limits import Limits, stack_for

    class Dumper(yaml.SafeDumper):
        """Quotes what this dialect would not read as a string."""

    def represent(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
        style = None if isinstance(loader.resolve_plain(text), str) else "'"
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)

    Dumper.add_representer(str, represent)
    with stack_for(Limits(depth=height(tree))):
        return yaml.dump(
            plain(tree), Dumper=Dumper, sort_keys=False, allow_unicode=True, width=100,
            default_flow_style=None,
        )  # fmt: skip


def _table(tree: Tree | None) -> Table:
    return tree if isinstance(tree, Table) else Table({}, Span(""))


def _lineage(variants: Table, variant: str | None, file: str) -> list[str]:
    """Returns the variants to apply, the base first; each of a circle once."""
    if variant is not None and variant not in variants.entries:
        raise UsageError(
            f"{file} has no variant `{variant}`",
            did_you_mean(variant, variants.entries, what="variant"),
        )
    names: dict[str, None] = {}
    while variant is not None and variant not in names:
        names[variant] = None
        base = _table(variants.get(variant)).get("extends")
        variant = str(base.value) if isinstance(base, Scalar) else None
    return [*reversed(names)]


def _cyclic(variants: Table) -> set[str]:
    """Returns the variants whose bases, one after the other, come back to one of them."""
    known: dict[str, bool] = {}
    for name in variants.entries:
        steps: dict[str, None] = {}
        step: str | None = name
        while step is not None and step not in steps and step not in known:
            steps[step] = None
            base = _table(variants.get(step)).get("extends")
            step = str(base.value) if isinstance(base, Scalar) else None
        returns = step is not None and known.get(step, True)
        known |= dict.fromkeys(steps, returns)
    return {name for name, returns in known.items() if returns}


def _apply_variant(entries: dict[str, Entry], body: Table) -> None:
    params = {key: entry for key, entry in body.entries.items() if key not in RESERVED}
    _merge(entries, "params", params)
    for section in ("inputs", "expect"):
        if section in body.entries:
            entries[section] = body.entries[section]
    old = _table(entries["defaults"].value if "defaults" in entries else None)
    _merge(entries, "defaults", merged_defaults(old, _table(body.get("defaults"))).entries)


def merged_defaults(old: Table, new: Table) -> Table:
    """Returns `defaults` over others: the fields of an operator or block are merged.

    An initialiser with its options, which may stand beside them, is replaced as a whole.
    """
    entries = dict(old.entries)
    for name, (key, fields) in new.entries.items():
        known = old.get(name)
        if name not in TREATED and isinstance(known, Table) and isinstance(fields, Table):
            fields = fields._replace(entries={**known.entries, **fields.entries})
        entries[name] = Entry(key, fields)
    return new._replace(entries=entries)


def _merge(entries: dict[str, Entry], section: str, new: Mapping[str, Entry]) -> None:
    if not new:
        return
    key = next(iter(new.values())).key
    old = entries.get(section, Entry(Scalar(section, key.span), Table({}, key.span)))
    entries[section] = old._replace(
        value=Table(_table(old.value).entries | dict(new), old.value.span)
    )


def _apply_setting(entries: dict[str, Entry], key: str, text: str) -> bool:
    """Applies one `--set`; returns whether the network itself may have changed."""
    place = Setting(f"--set {key}")
    report: list[Diagnostic] = []
    try:
        value = loader.parse(text, place, report) if text else Scalar("", Span(place))
    except loader.Fault as fault:
        raise UsageError(f"{place}: {fault.diagnostic.message}", fault.diagnostic.help) from None
    if report:
        raise UsageError(f"{place}: {report[0].message}", report[0].help)
    first, *rest = key.split(".")
    if first == "train" and rest:
        train = entries.get("train", Entry(Scalar("train", Span(place)), Table({}, Span(place))))
        entries["train"] = train._replace(value=_set_in(train.value, rest, value, place))
        return False
    if first == "inputs" and len(rest) == 1:
        inputs = _table(entries["inputs"].value if "inputs" in entries else None)
        if rest[0] not in inputs.entries:
            raise UsageError(
                f"the spec has no input `{rest[0]}`",
                did_you_mean(rest[0], inputs.entries, what="input"),
            )
        old = inputs.get(rest[0])
        if isinstance(old, Table) and not isinstance(value, Table):
            value = _set_in(old, ["shape"], value, place)
        _merge(entries, "inputs", {rest[0]: Entry(Scalar(rest[0], Span(place)), value)})
        return True
    params = _table(entries["params"].value if "params" in entries else None)
    if rest or first not in params.entries:
        raise UsageError(
            f"{place}: the spec has no parameter `{key}`",
            did_you_mean(key, [*params.entries, *_training_values(entries)], what="parameter"),
        )
    _merge(entries, "params", {first: Entry(Scalar(first, Span(place)), value)})
    return True


def _training_values(entries: Mapping[str, Entry]) -> list[str]:
    train = _table(entries["train"].value if "train" in entries else None)
    return [f"train.{key}" for key in train.entries]


def _set_in(tree: Tree, path: list[str], value: Tree, place: str) -> Tree:
    if not path:
        return value
    if isinstance(tree, Items):
        items = list(tree.items)
        if not path[0].isdecimal() or int(path[0]) >= len(items):
            raise UsageError(
                f"{place}: `{path[0]}` is none of the {len(items)} in the list",
                f"count them from 0 to {len(items) - 1}" if items else "give the whole list",
            )
        items[int(path[0])] = _set_in(items[int(path[0])], path[1:], value, place)
        return Items(tuple(items), tree.span)
    table = _table(tree)
    inner = table.get(path[0]) or Table({}, Span(place))
    entry = Entry(Scalar(path[0], Span(place)), _set_in(inner, path[1:], value, place))
    return Table(table.entries | {path[0]: entry}, table.span)
