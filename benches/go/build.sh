#!/usr/bin/env bash
# Builds the Go side of the benchmarks:  benches/go/build.sh OUTPUT
# Needs Go 1.25 or newer (for sync.WaitGroup.Go).
#
# golang.org/x/sync and x/time come from Debian's golang-golang-x-sync-dev and
# golang-golang-x-time-dev if those packages are installed, else Go fetches the
# versions that go.mod names.
set -euo pipefail

fail() {
    echo "build.sh: $1" >&2
    exit 1
}

[[ $# -eq 1 ]] || fail "usage: build.sh OUTPUT"
command -v go >/dev/null || fail "go is not installed"

output=$(realpath -m -- "$1")
cd -- "$(dirname -- "${BASH_SOURCE[0]}")"
debian=/usr/share/gocode/src/golang.org/x

# Settings of the caller's that would change what is built.
export GO111MODULE=on GOWORK=off

if [[ ! -d $debian/sync/errgroup || ! -d $debian/time/rate ]]; then
    echo "build.sh: golang.org/x/sync and x/time as go.mod names them" >&2
    exec go build -mod=mod -buildvcs=false -o "$output" .
fi

echo "build.sh: golang.org/x/sync and x/time from $debian" >&2
temp=$(mktemp -d)
trap 'rm -rf -- "$temp"' EXIT

cp go.mod go.sum "$temp"
for module in sync time; do
    # A replacement folder must hold a go.mod; some versions of the packages lack one.
    source=$debian/$module
    if [[ ! -f $source/go.mod ]]; then
        source=$temp/$module
        cp -r -- "$debian/$module" "$source"
        printf 'module golang.org/x/%s\n\ngo 1.18\n' "$module" >"$source/go.mod"
    fi
    go mod edit -replace="golang.org/x/$module=$source" "$temp/go.mod"
done
go build -buildvcs=false -modfile="$temp/go.mod" -o "$output" .
