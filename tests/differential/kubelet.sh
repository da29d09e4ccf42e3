#!/bin/bash
# kubelet.sh PROGRAM [CASES [SEED]]: random pull secrets and images; the program's answers must be
# those of the kubelet's own code.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
program=$1 cases=${2:-20000} seed=${3:-1}
sandbox=$here/../sandbox

# Built with the flags and versions of the sandbox's kubelet, whose packages are in Go's cache then.
# The environment gets in the way of nobody who builds for another machine.
made=$(mktemp --directory)
trap 'rm -rf "$made"' EXIT
(
	cd "$here/kubelet"
	"$sandbox/install-tools" --go build -mod=readonly -modfile="$sandbox/tools/kubernetes/go.mod" -trimpath \
		-buildvcs=false -pgo=off -gcflags=all=-dwarf=false -o "$made/differential" .
)
"$made/differential" "$cases" "$seed" "$program"
