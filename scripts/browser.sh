#!/bin/sh
# What the tests of pages need: Chromium with its driver (Debian packages), and onnxruntime-web (npm) in .venv. Instant
# if they are there. Without them these tests are skipped.
set -e
root=$(cd "$(dirname "$0")/.." && pwd)
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }
install() { as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"; }

if ! command -v chromedriver >/dev/null; then
    as_root apt-get update -qq
    install chromium chromium-driver
fi
if [ ! -d "$root/.venv/node_modules/onnxruntime-web" ]; then
    command -v npm >/dev/null || install npm
    npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$root/.venv" onnxruntime-web@1.30.0
fi
