"""For code scanning: SARIF 2.1.0, the Static Analysis Results Interchange Format of OASIS."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import quote

from archspec.cli.checked import Checked
from archspec.cli.common import INTERNAL
from archspec.cli.formats.places import findings, relative
from archspec.diagnostics import Diagnostic, Span
from archspec.diagnostics.codes import CODES

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)


def write(results: Sequence[Checked], *, several: bool) -> None:  # noqa: ARG001 - as all formats
    """Prints one log of one run."""
    found = [*findings(results)]
    codes = sorted({diagnostic.code for diagnostic in found})
    driver = {
        "name": "archspec",
        "version": version("archspec-nn"),
        "rules": [_rule(code) for code in codes],
    }
    internal = any(result.exit_code(strict=False) == INTERNAL for result in results)
    run = {
        "tool": {"driver": driver},
        "invocations": [{"executionSuccessful": not internal}],
        "columnKind": "unicodeCodePoints",
        "results": [_result(diagnostic, codes) for diagnostic in found],
    }
    print(json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1))


def _rule(code: str) -> dict[str, Any]:
    title, text, *examples = CODES[code]
    headings = ("An example", "Mended")
    shown = "".join(
        f"\n\n{heading}:\n\n```yaml\n{example}```"
        for heading, example in zip(headings, examples, strict=True)
        if example
    )
    return {
        "id": code,
        "shortDescription": {"text": title},
        "fullDescription": {"text": text},
        "help": {"text": text, "markdown": f"{text}{shown}"},
        "defaultConfiguration": {"level": "warning" if code.startswith("W") else "error"},
    }


def _result(found: Diagnostic, codes: Sequence[str]) -> dict[str, Any]:
    help_ = f"\nhelp: {found.help}" if found.help else ""
    result: dict[str, Any] = {
        "ruleId": found.code,
        "ruleIndex": codes.index(found.code),
        "level": found.severity.value,
        "message": {"text": f"{found.message}{help_}"},
        "locations": [_location(found.span)],
    }
    if found.labels:
        result["relatedLocations"] = [
            {"id": number, **_location(place), "message": {"text": text}}
            for number, (place, text) in enumerate(found.labels)
        ]
    return result


def _location(span: Span) -> dict[str, Any]:
    path = relative(span.file)
    uri = quote(os.fsencode(path)) if path is not None else Path(span.file).resolve().as_uri()
    region = {
        "startLine": span.line,
        "startColumn": span.column,
        "endColumn": span.column + span.length,
    }
    return {"physicalLocation": {"artifactLocation": {"uri": uri}, "region": region}}
