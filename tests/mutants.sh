#!/usr/bin/env bash
# Breaks the library on purpose, one line at a time, and expects a test to notice.
#
#   tests/mutants.sh            all mutants
#   tests/mutants.sh wait_group only those whose name contains the word
#
# The lists are in tests/mutants, one for each room.
#
# Works on a copy; the checkout is left alone. Prints a line for each mutant, and fails if one
# survives. A mutant that makes the tests hang is killed by their watchdog, or by the time limit.
set -euo pipefail
cd "$(dirname "$0")/.."

filter=${1:-}
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
cp -r Cargo.toml Cargo.lock README.md src tests benches examples "$copy"
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target/mutants}
export PHALANX_WATCHDOG_SECONDS=${PHALANX_WATCHDOG_SECONDS:-5} RUST_TEST_THREADS=32
survivors=0

# mutant NAME FILE OLD NEW TEST...: replaces the first OLD in FILE by NEW; one of the tests, which
# are files of tests/ or `lib` for the unit tests, must fail. With one of the simulator's among them,
# which are sim_*.rs, or `sim_lib`, all are built with it.
mutant() {
    local name=$1 file=$2 old=$3 new=$4
    shift 4
    case "$name" in *"$filter"*) ;; *) return 0 ;; esac
    OLD=$old NEW=$new perl -0pi -e 's/\Q$ENV{OLD}\E/$ENV{NEW}/' "$copy/$file"
    if cmp -s "$file" "$copy/$file"; then
        echo "STALE     $name: the line to break is not there"
        survivors=$((survivors + 1))
        return 0
    fi
    local tests=() test verdict=SURVIVED status=0
    for test in "$@"; do
        case $test in lib | sim_lib) tests+=(--lib) ;; *) tests+=(--test "$test") ;; esac
    done
    case "$*" in
    *sim_std*) tests+=(--features sim-std) ;;
    *sim_*) tests+=(--features sim) ;;
    esac
    if ! (cd "$copy" && cargo test --quiet --no-run "${tests[@]}") > "$copy/log" 2>&1; then
        verdict="NO BUILD "
    else
        (cd "$copy" && timeout 60 cargo test --quiet "${tests[@]}") > "$copy/log" 2>&1 || status=$?
        case $status in 0) ;; 124) verdict="TIME OUT " ;; *) verdict=killed ;; esac
    fi
    printf '%-9s %s' "$verdict" "$name"
    if [ "$verdict" = killed ]; then
        # The name of a test that failed, or of the signal that has ended the tests.
        sed -n 's/^test \(.*\) \.\.\. FAILED$/ \1/p; s/^    \([a-z0-9_:]*\)$/ \1/p; s/^.*(signal: [0-9]*, \(SIG[A-Z]*\).*$/ \1/p' "$copy/log" | sort -u | head -1 | tr -d '\n'
    elif [ "$status" = 0 ]; then
        survivors=$((survivors + 1))
    fi
    echo
    cp "$file" "$copy/$file"
}

for list in tests/mutants/*.sh; do
    # shellcheck source=/dev/null
    source "$list"
done

if [ "$survivors" -gt 0 ]; then
    echo "$survivors not killed"
    exit 1
fi
