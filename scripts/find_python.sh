#!/bin/sh
# Prints the interpreter for a runtime: find_python.sh tf115|tf2|tfnew. Looks on PATH, under pyenv, conda and uv.
# Every candidate is run, because a pyenv shim may stand on PATH for a version that is not active.
case "$1" in
    tf115) versions="3.7" ;;
    tf2) versions="3.11 3.12 3.10 3.9 3.13" ;;
    tfnew) versions="3.12 3.13 3.11 3.10" ;;
    *) echo "find_python.sh: unknown runtime '$1': use tf115, tf2 or tfnew" >&2; exit 2 ;;
esac

works() {
    [ -x "$1" ] && [ "$("$1" -c 'import ensurepip, sys, venv; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)" = "$2" ]
}

for version in $versions; do
    for candidate in \
        "$(command -v "python$version")" "$(command -v python3)" \
        "${PYENV_ROOT:-$HOME/.pyenv}"/versions/"$version"*/bin/python \
        "$HOME"/miniconda3/bin/python "$HOME"/miniconda3/envs/*/bin/python \
        "$HOME"/anaconda3/envs/*/bin/python "$HOME"/miniforge3/envs/*/bin/python "${CONDA_PREFIX:-/nonexistent}"/bin/python \
        "$(command -v uv >/dev/null && uv python find "$version" 2>/dev/null)"; do
        if works "$candidate" "$version"; then echo "$candidate"; exit 0; fi
    done
done
exit 1
