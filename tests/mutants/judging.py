"""How archspec takes a mutant: the whole of `check`, its diagnostics, and what torch says."""

from __future__ import annotations

import contextlib
import json
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from meta_networks import bindings, check_shapes, check_weights, symbols

from archspec.backends.torch import memory_errors
from archspec.cli import main
from archspec.diagnostics import Diagnostic, Severity, Span, lines_of
from archspec.diagnostics.codes import CODES
from archspec.frontend import Compiled, UsageError
from archspec.frontend.compiler import analyse_spec
from archspec.ir.graph import Graph
from mutants.locality import Where, where
from mutants.making import Mutant

OUTCOMES = {0: "accepted", 1: "refused", 2: "no such variant", 3: "unreadable"}
"""What an exit code of `check` says."""

LONGEST = 400
"""The most characters of a message or help line that anybody reads."""

LARGEST = 3_000
"""The most nodes of a network that is built in torch."""


class Verdict(NamedTuple):
    """How archspec took a mutant.

    Attributes:
        outcome: `accepted`, `refused`, …
        failures: What must not be.
        where: Where the errors of a change of one line are, if there are any.
        helpless: The errors without a help line, counted by code.
        unbuilt: Why an accepted network was not built in torch, or an empty string.
        seconds: The processor time of `check`.
        story: The errors in one line, for reports.
    """

    outcome: str
    failures: tuple[str, ...] = ()
    where: Where | None = None
    helpless: Mapping[str, int] = {}
    unbuilt: str = ""
    seconds: float = 0
    story: str = ""


@contextlib.contextmanager
def written(mutant: Mutant) -> Iterator[Path]:
    """Writes a mutant and the files that it names into a project of their own."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as name:
        folder = Path(name).resolve()
        (folder / "pyproject.toml").touch()
        for path, text in mutant.files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")
        (folder / "spec.yaml").write_bytes(mutant.data)
        yield folder / "spec.yaml"


def judge(
    mutant: Mutant, format_: str, measured: Callable[[Callable[[], int]], int] = lambda run: run()
) -> Verdict:
    """Returns how archspec takes a mutant.

    Args:
        mutant: The mutant.
        format_: The form that `check` writes.
        measured: Calls what it is given, and may measure what that takes.
    """
    with written(mutant) as path:
        arguments = ["check", str(path), "--format", format_]
        if mutant.variant is not None:
            arguments += ["--variant", mutant.variant]
        out, err = path.with_name("out"), path.with_name("err")
        seconds = 0.0

        def check() -> int:
            nonlocal seconds
            start = time.process_time()
            code = main(arguments)
            seconds = time.process_time() - start
            return code

        with _printing_to(out, err):
            code = measured(check)
        said = out.read_text(encoding="utf-8"), err.read_text(encoding="utf-8")
        outcome = OUTCOMES.get(code, "failed")
        verdict = Verdict(outcome, tuple(_faults(code, *said, format_)), seconds=seconds)
        try:
            compiled = analyse_spec(str(path), variant=mutant.variant)
        except UsageError:
            return verdict
        except Exception:  # noqa: BLE001 - which is what is looked for
            return verdict._replace(failures=(*verdict.failures, traceback.format_exc()))
        return _with_diagnostics(verdict, mutant, compiled, str(path))


@contextlib.contextmanager
def _printing_to(out: Path, err: Path) -> Iterator[None]:
    """Lets what is printed go to files, as the command line needs streams that have a number."""
    with (
        out.open("w", encoding="utf-8", errors="replace") as stdout,
        err.open("w", encoding="utf-8", errors="replace") as stderr,
        contextlib.redirect_stdout(stdout),
        contextlib.redirect_stderr(stderr),
    ):
        yield


def _faults(code: int, out: str, err: str, format_: str) -> Iterator[str]:
    """Yields what the process would have done that it must not do."""
    if code not in OUTCOMES:
        yield f"exit code {code}: {err.strip()[-LONGEST:]}"
    for words in ("Traceback", "internal error"):
        if words in err:
            yield f"it says {words}"
    if format_ in ("json", "sarif") and code in (0, 1, 3):
        try:
            json.loads(out)
        except ValueError as error:
            yield f"its {format_} cannot be read: {error}"


def _with_diagnostics(verdict: Verdict, mutant: Mutant, compiled: Compiled, file: str) -> Verdict:
    errors = [d for d in compiled.diagnostics if d.severity is Severity.ERROR]
    failures = [*verdict.failures]
    lines = {name: lines_of(text) for name, text in compiled.sources.items()}
    for diagnostic in compiled.diagnostics:
        failures += _faults_of(diagnostic, lines)
    if (verdict.outcome == "accepted") == bool(errors) and verdict.outcome != "unreadable":
        failures.append(f"{verdict.outcome} with {len(errors)} errors")
    unbuilt = ""
    if not errors and not failures:
        unbuilt = _unbuilt(compiled.graph, mutant, file, failures)
    return verdict._replace(
        failures=tuple(failures),
        where=where(mutant, errors, compiled.sources, file) if mutant.lines and errors else None,
        helpless=Counter(d.code for d in errors if not d.help),
        unbuilt=unbuilt,
        story="; ".join(f"{d.span.line}: {d.code} {d.message}" for d in errors[:3])[:LONGEST],
    )


def _faults_of(diagnostic: Diagnostic, lines: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Yields what is wrong with a diagnostic itself; `lines` are those of each file."""
    said = f"{diagnostic.code} at {diagnostic.span.line}:{diagnostic.span.column}"
    if diagnostic.code not in CODES or diagnostic.code == "E900":
        yield f"{said}: the code is not one for faults of specs"
    if not diagnostic.message or "\n" in diagnostic.message + diagnostic.help:
        yield f"{said}: the message is not one line: {diagnostic.message!r:.200}"
    if max(len(diagnostic.message), len(diagnostic.help)) > LONGEST:
        yield f"{said}: nobody reads a message this long: {diagnostic.message!r:.200}"
    for span in (diagnostic.span, *(label.span for label in diagnostic.labels)):
        if not _is_inside(span, lines):
            yield f"{said}: {span} is outside of the file"


def _is_inside(span: Span, files: Mapping[str, Sequence[str]]) -> bool:
    lines = files.get(span.file)
    if lines is None:  # of a file that is not text, only the line is known
        return span.line >= 1 and span.column >= 1 and span.length <= 1
    if not 1 <= span.line <= len(lines):
        return False
    end = len(lines[span.line - 1]) + 1
    return 1 <= span.column <= end and 0 <= span.length <= max(1, end - span.column)


def _unbuilt(graph: Graph, mutant: Mutant, file: str, failures: list[str]) -> str:
    """Builds a network in torch and adds what differs; returns why it was not, if it was not."""
    if len(graph.nodes) > LARGEST:
        return f"more than {LARGEST:,} nodes"
    try:
        with memory_errors():
            check_weights(graph)
            if not symbols(graph):
                check_shapes(graph, {"batch": 2})
                return ""
            found = next(bindings(graph, lambda settings: _bound(settings, mutant, file)), None)
            if found is None:
                return "no sizes found that it takes"
            sizes, concrete = found
            check_shapes(concrete, sizes)
            check_shapes(graph, sizes)
    except MemoryError:
        return "too large for torch"
    except Exception:  # noqa: BLE001 - which is what is looked for
        failures.append(traceback.format_exc())
    return ""


def _bound(settings: Mapping[str, str], mutant: Mutant, file: str) -> Graph | None:
    compiled = analyse_spec(file, variant=mutant.variant, settings=settings)
    return compiled.graph if compiled.ok else None
