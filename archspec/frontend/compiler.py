"""The front end as one call: a spec file in, a checked graph out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Unpack

from archspec.diagnostics import Diagnostic, SpecError
from archspec.frontend import loader
from archspec.frontend.builder import Builder
from archspec.frontend.compiled import Compiled, Options, failed
from archspec.frontend.doubts import doubts
from archspec.frontend.expectations import check_expectations
from archspec.frontend.limits import DEFAULTS, LIMITS, Limits, Work, stack_for
from archspec.frontend.linked import Linked, is_library
from archspec.frontend.report import Report, TooMany, merged
from archspec.frontend.resolve import Resolved, check_variants, resolve
from archspec.frontend.tree import Table, plain
from archspec.frontend.unread import unread
from archspec.ir.graph import Graph

if TYPE_CHECKING:
    from archspec.frontend.schema import ArchSpec
    from archspec.frontend.train_schema import TrainSpec


def compile_spec(path: str, **options: Unpack[Options]) -> Compiled:
    """Compiles a spec file.

    Args:
        path: The file.
        **options: How.

    Raises:
        SpecError: The spec has errors; it carries all of them.
        SourceError: The file cannot be read.
        UsageError: There is no such variant or parameter.
    """
    return _sound(analyse_spec(path, **options))


def compile_text(text: str, file: str, **options: Unpack[Options]) -> Compiled:
    """Compiles the text of a spec; `file` names it in diagnostics.

    Raises:
        SpecError: The spec has errors; it carries all of them.
        UsageError: There is no such variant or parameter.
    """
    return _sound(analyse_text(text, file, **options))


def analyse_spec(path: str, **options: Unpack[Options]) -> Compiled:
    """Compiles a spec file as far as it goes, and returns its faults with it.

    Raises:
        SourceError: The file cannot be read.
        UsageError: There is no such variant or parameter.
    """
    try:
        text = loader.read(path, options.get("limits", DEFAULTS))
    except loader.Fault as fault:
        return failed([fault.diagnostic], {})
    return analyse_text(text, path, **options)


def analyse_text(text: str, file: str, **options: Unpack[Options]) -> Compiled:
    """Compiles the text of a spec as far as it goes, and returns its faults with it.

    Raises:
        UsageError: There is no such variant or parameter.
    """
    text = text.removeprefix("\ufeff")  # the byte order mark, which no editor counts
    limits = options.get("limits", DEFAULTS)
    report = Report(limits)
    try:
        with stack_for(limits):
            return _analysed(text, file, report, options)
    except (loader.Fault, TooMany) as fault:
        return failed(merged([*report, fault.diagnostic]), {file: text})


def _analysed(text: str, file: str, report: Report, options: Options) -> Compiled:
    """Returns what there is of a spec.

    Raises:
        Fault: The text is no YAML that can be read.
        TooMany: There are more faults than are reported.
        UsageError: There is no such variant or parameter.
    """
    tree = loader.parse(text, file, report, options.get("limits", DEFAULTS))
    if not isinstance(tree, Table):
        fault_ = Diagnostic("E104", "a spec is a mapping of keys to values", tree.span,
                            "start with `name: …`, `inputs: …` and `layers:`")  # fmt: skip
        return failed([*report, fault_], {file: text})
    linked = _link(tree, text, file, report, options)
    if is_library(tree):
        _resolved(linked, file, report, options)  # which refuses what a library does not have
        sources = {file: text, **linked.sources}
        return _library(linked, sources, report, options.get("limits", DEFAULTS))
    resolved = _resolved(linked, file, report, options)
    spec, train = _validate(linked.tree, resolved.tree, report)
    if linked.included or linked.used:
        _validate_parts(linked, report)
    builder = _builder(resolved.tree, linked.tree, report, options)
    if "variants" in linked.tree.entries:
        builder.unit.reader.evaluator.read(linked.tree.entries["variants"].value)
    graph = builder.build()
    graph.title = spec.title if spec else None
    if builder.stopped_at is not None and not report:
        raise RuntimeError("a layer failed without saying why")
    expect = resolved.tree.get("expect")
    if not report and spec and spec.expect and isinstance(expect, Table):
        report += check_expectations(graph, spec.expect, expect)
    section = resolved.tree.get("train")
    if not report and train and isinstance(section, Table):
        from archspec.frontend.trained_names import name_faults  # of few specs

        report += name_faults(graph, train, section)
    sources = {file: text, **linked.sources}
    found = [*_helped(report, builder, linked, options), *doubts(builder, train)]
    if not report:
        found += unread(linked.tree)
    return Compiled(
        graph=graph,
        spec=spec,
        train=train,
        tree=resolved.tree,
        stopped_at=builder.stopped_at,
        expect_skipped=resolved.expect_skipped,
        diagnostics=tuple(merged(_heard(found, sources))),
        sources=sources,
    )


def _resolved(linked: Linked, file: str, report: Report, options: Options) -> Resolved:
    """Returns the spec with variant and settings applied, if it has no faults so far."""
    for part in (linked.tree, *linked.used):
        check_variants(part, report)
    resolved = Resolved(linked.tree, None, expect_skipped=False)
    if not report:
        settings = options.get("settings", {})
        resolved = resolve(linked.tree, options.get("variant"), settings, file)
    if "train" in resolved.tree.entries:
        from archspec.frontend.class_names import with_class_names
        from archspec.frontend.data_path import with_absolute_data

        named = with_class_names(resolved.tree, file, options)
        resolved = resolved._replace(tree=with_absolute_data(named))
    return resolved


def _builder(tree: Table, written: Table, report: Report, options: Options) -> Builder:
    """Returns what builds a spec; it has the name that it was written with."""
    name = written.get("name")
    work = Work(options.get("limits", DEFAULTS))
    return Builder(tree, str(plain(name)) if name else "", options.get("variant"), report, work)


def _helped(
    report: Report, builder: Builder, linked: Linked, options: Options
) -> Sequence[Diagnostic]:
    """Returns the faults with what takes further builds to find out."""
    if not report:
        return report
    from archspec.frontend.better_input import may_help, with_better_input

    if not may_help(report, builder.graph):
        return report

    def build(tree: Table) -> tuple[Report, int]:
        trial = Report(DEFAULTS._replace(errors=LIMITS["errors"].most))
        return trial, len(_builder(tree, linked.tree, trial, options).build().nodes)

    return with_better_input(report, builder.unit.tree, builder.graph, build)


def _heard(diagnostics: list[Diagnostic], sources: Mapping[str, str]) -> list[Diagnostic]:
    """Returns the diagnostics that no comment silences."""
    if not any("ignore" in text.lower() for text in sources.values()):
        return diagnostics
    from archspec.frontend.silence import without_silenced  # few specs have such comments

    return without_silenced(diagnostics, sources)


def _library(
    linked: Linked, sources: Mapping[str, str], report: Report, limits: Limits
) -> Compiled:
    """Returns what there is of a library."""
    from archspec.frontend.library import analyse_library  # few files are libraries

    blocks = analyse_library(linked, report, Work(limits))
    _validate_parts(linked, report)
    diagnostics = tuple(merged(_heard(report, sources)))
    nothing = Compiled(Graph(""), None, None, linked.tree, None, False, diagnostics, sources)
    return nothing._replace(library=blocks)


def _sound(compiled: Compiled) -> Compiled:
    if compiled.library is not None:
        from archspec.frontend.library import not_a_spec

        raise SpecError([not_a_spec(compiled.tree)], compiled.sources)
    if not compiled.ok:
        raise SpecError(compiled.diagnostics, compiled.sources)
    return compiled


def _link(tree: Table, text: str, file: str, report: list[Diagnostic], options: Options) -> Linked:
    """Returns the spec in one piece."""
    # With a backslash, a key may be written in a way that does not show it.
    uses = any(f"use{end}" in text for end in ": \t\n\r'\"") or "\\" in text
    if not uses and tree.entries.keys().isdisjoint(("extends", "include")):
        return Linked(tree, [], [], {})
    from archspec.frontend.link import Linker  # only where there is something to link

    limits, outside = options.get("limits", DEFAULTS), options.get("allow_outside", False)
    return Linker(file, report, limits, allow_outside=outside).link(tree)


def _validate_parts(linked: Linked, report: list[Diagnostic]) -> None:
    """Validates the files that a spec is put together from."""
    from archspec.frontend.library_schema import Library
    from archspec.frontend.schema import ArchSpec
    from archspec.frontend.validation import validate_tree

    for tree in linked.included:
        validate_tree(Library, tree, report)
    for tree in linked.used:
        validate_tree(ArchSpec, tree, report)


def _validate(
    written: Table, tree: Table, report: list[Diagnostic]
) -> tuple[ArchSpec | None, TrainSpec | None]:
    """Validates the top level; what is written as `variants` is validated with it."""
    from archspec.frontend.schema import ArchSpec  # only when there is something to validate
    from archspec.frontend.validation import validate_tree

    entries = {**tree.entries}
    if "variants" in written.entries:
        entries["variants"] = written.entries["variants"]
    whole = tree._replace(entries=entries)
    spec = validate_tree(ArchSpec, whole, report)
    section = tree.entries.get("train")
    if section is None:
        return spec, None
    from archspec.frontend.train_schema import TrainSpec

    return spec, validate_tree(TrainSpec, section.value, report, key=section.key)
