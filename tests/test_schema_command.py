"""`archspec schema`, also with operators of one's own."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from jsonschema import Draft7Validator
from runs import archspec
from schema_judgement import explained
from test_readme import OPERATOR

from archspec.cli.schema import schema_text


def test_the_command_prints_or_writes_it(tmp_path: Path) -> None:
    assert archspec("schema", cwd=tmp_path).stdout == schema_text()
    done = archspec("schema", "-o", "new.json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "new.json").read_text(encoding="utf-8") == schema_text()
    assert archspec("schema", "-o", "-", cwd=tmp_path).stdout == schema_text()
    assert [path.name for path in tmp_path.iterdir()] == ["new.json"]


def test_an_empty_name_is_wrong_usage(tmp_path: Path) -> None:
    done = archspec("schema", "-o", "", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "argument -o/--output: takes the name of a file, not an empty text" in done.stderr


@pytest.mark.parametrize("target", ["missing/new.json", "."])
def test_a_schema_that_cannot_be_written_is_an_error(tmp_path: Path, target: str) -> None:
    done = archspec("schema", "-o", target, cwd=tmp_path)
    assert done.returncode == 3
    assert re.fullmatch(rf"error: cannot write {re.escape(target)}: .+\n", done.stderr)
    assert [*tmp_path.iterdir()] == []


def test_it_knows_operators_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "gate.py").write_text(OPERATOR, encoding="utf-8")
    done = archspec("schema", "--operators", "gate.py", cwd=tmp_path)
    schema = json.loads(done.stdout)
    gate = schema["definitions"]["layer"]["properties"]["gate"]
    own, *_ = gate["allOf"]
    assert explained(own["properties"]["factor"], schema) == "the number (default 2.0)"
    spec = {"name": "net", "inputs": {"x": [4]}, "layers": [{"gate": "much"}]}
    (fault,) = Draft7Validator(schema).iter_errors(spec)
    assert [*fault.absolute_path] == ["layers", 0, "gate"]


ODD = """
from collections.abc import Callable
from typing import Any

from archspec.ops.identity import Identity


class Odd(Identity):
    \"\"\"Has fields of types that JSON does not have.\"\"\"

    primary = "anything"
    anything: Any = None
    function: Callable[[float], float] = abs
"""


def test_fields_of_types_that_json_lacks_may_be_anything(tmp_path: Path) -> None:
    (tmp_path / "odd.py").write_text(ODD, encoding="utf-8")
    done = archspec("schema", "--operators", "odd.py", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    schema = Draft7Validator(json.loads(done.stdout))
    layers = ["odd", {"odd": [1]}, {"odd": {"anything": {"a": 1}, "function": "=n"}}]
    assert schema.is_valid({"name": "net", "inputs": {"x": [4]}, "layers": layers})
    assert not schema.is_valid({"name": "n", "inputs": {"x": [4]}, "layers": [{"odd": {"x": 1}}]})
