#!/usr/bin/env bash
# The main job, from a fresh machine: check, train, export, run and draw.
set -eu
. "$(dirname "$0")/setup.sh"

out=demo/$(date +%Y%m%d-%H%M%S)
mkdir -p "$out"
say() { printf '\n$ archspec %s\n' "$*"; "$venv/archspec" "$@"; }

say check specs/googlenet.yaml
say check specs/lenet5.yaml specs/iris.yaml
for variant in resnet18 resnet34 resnet50 resnet101 resnet152; do
    printf '\n$ archspec check specs/resnet.yaml --variant %s\n' "$variant"
    "$venv/archspec" check specs/resnet.yaml --variant "$variant" | tail -3
done
say train specs/iris.yaml -o "$out/iris"
say train specs/lenet5.yaml -o "$out/lenet5"
say export specs/lenet5.yaml --onnx --weights "$out/lenet5" -o "$out/lenet5.onnx"
say predict "$out/lenet5.onnx" --weights "$out/lenet5"
say draw specs/googlenet.yaml -o "$out/googlenet.svg"

cat <<EOF

Made in $out:
  iris/, lenet5/   the training runs: checkpoints, resolved spec, metrics
  lenet5.onnx      the trained network, ready for ONNX Runtime
  googlenet.svg    the picture of GoogLeNet
EOF
