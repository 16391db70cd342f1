#!/usr/bin/env bash
# Everything that must hold: format, lint, types, import contracts, tests. Arguments go to
# pytest, as in `tools/test.sh -k draw`.
set -eu
. "$(dirname "$0")/setup.sh"

"$venv/ruff" format --check --quiet .
"$venv/ruff" check --quiet .
"$venv/mypy" --no-error-summary
"$venv/lint-imports" --no-cache > .lint-imports.log || { cat .lint-imports.log; exit 1; }
"$venv/python" -m pytest -n 2 "$@"
