#!/usr/bin/env bash
# Builds the Go side of the benchmarks:  benches/go/build.sh OUTPUT
# Needs Go 1.25 or newer (for sync.WaitGroup.Go).
#
# golang.org/x/sync comes from Debian's golang-golang-x-sync-dev if that
# package is installed, else Go fetches the version that go.mod names.
set -euo pipefail

fail() {
    echo "build.sh: $1" >&2
    exit 1
}

[[ $# -eq 1 ]] || fail "usage: build.sh OUTPUT"
command -v go >/dev/null || fail "go is not installed"

output=$(realpath -m -- "$1")
cd -- "$(dirname -- "${BASH_SOURCE[0]}")"
debian_sync=/usr/share/gocode/src/golang.org/x/sync

# Settings of the caller's that would change what is built.
export GO111MODULE=on GOWORK=off

if [[ ! -d $debian_sync/errgroup ]]; then
    echo "build.sh: golang.org/x/sync as go.mod names it" >&2
    exec go build -buildvcs=false -o "$output" .
fi

echo "build.sh: golang.org/x/sync from $debian_sync" >&2
temp=$(mktemp -d)
trap 'rm -rf -- "$temp"' EXIT

# A replacement folder must hold a go.mod; some versions of the package lack one.
sync_source=$debian_sync
if [[ ! -f $sync_source/go.mod ]]; then
    sync_source=$temp/sync
    cp -r -- "$debian_sync" "$sync_source"
    printf 'module golang.org/x/sync\n\ngo 1.18\n' >"$sync_source/go.mod"
fi

cp go.mod go.sum "$temp"
go mod edit -replace="golang.org/x/sync=$sync_source" "$temp/go.mod"
go build -buildvcs=false -modfile="$temp/go.mod" -o "$output" .
