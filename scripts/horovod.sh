#!/bin/sh
# Builds Horovod into .venv/RUNTIME: horovod.sh tf115|tf2 cpu|gpu. Gloo on CPUs, NCCL and Gloo on GPUs. Some minutes the
# first time; pip keeps the wheel. Instant where Horovod imports already.
set -e
runtime=$1 device=$2
root=$(dirname "$(cd "$(dirname "$0")" && pwd)")
bin="$root/.venv/$runtime/bin"
imports() { "$bin/python" -c 'import horovod.tensorflow' >/dev/null 2>&1; }

if imports; then exit 0; fi
if ! command -v g++ >/dev/null; then
    echo "setup: Horovod is compiled, and there is no g++: install it (Debian: apt-get install g++ make) and repeat." >&2
    exit 2
fi
echo "setup: building Horovod for $runtime ($device), about four minutes on two cores"
"$bin/python" -m pip install --quiet --disable-pip-version-check -r "$root/requirements/horovod.txt"
export HOROVOD_WITH_TENSORFLOW=1 HOROVOD_WITH_GLOO=1 HOROVOD_WITHOUT_MPI=1 HOROVOD_WITHOUT_PYTORCH=1 \
    HOROVOD_WITHOUT_MXNET=1 PATH="$bin:$PATH"
if [ "$device" = gpu ]; then export HOROVOD_GPU_OPERATIONS=NCCL; fi
horovod="horovod==0.28.1"
"$bin/python" -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps "$horovod"
# A wheel that pip has kept may belong to another TensorFlow.
imports || "$bin/python" -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps \
    --force-reinstall --no-cache-dir "$horovod"
imports || {
    echo "setup: Horovod was built and does not import; run: .venv/$runtime/bin/python -c 'import horovod.tensorflow'" >&2
    exit 1
}
