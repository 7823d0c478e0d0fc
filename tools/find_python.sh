#!/bin/sh
# Print a Python of a version, like 3.12, that runs; fail when there is none.
# Usage: tools/find_python.sh VERSION
# Beside what is on PATH (where pyenv's shims may name versions that are not switched on), it looks
# where pyenv and uv keep theirs.
for python in "python$1" \
  "${PYENV_ROOT:-$HOME/.pyenv}"/versions/"$1".*/bin/python"$1" \
  "${XDG_DATA_HOME:-$HOME/.local/share}"/uv/python/cpython-"$1".*/bin/python"$1"; do
  if "$python" -c "" 2>/dev/null; then
    command -v "$python"
    exit 0
  fi
done
exit 1
