#!/bin/sh
# Installs what is missing, builds and runs the tests.
#
#     tests/run.sh            the release build, every test
#     tests/run.sh asan       another preset: dev, release, asan, tsan or fuzz
#     tests/run.sh asan -L unit   further arguments go to ctest
#
# fuzz builds the libFuzzer targets with clang and runs each for FUZZ_SECONDS (default 60).
set -eu
cd "$(dirname "$0")/.."

fail() {
  echo "tests/run.sh: $*" >&2
  exit 1
}
step() { echo "== $*"; }

preset=release
if [ $# -gt 0 ]; then
  preset=$1
  shift
fi
packages=
case $preset in
  dev | release | asan | tsan) ;;
  fuzz) packages=--all ;;
  -h | --help) sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//p}' tests/run.sh; exit 0 ;;
  *) fail "'$preset' is none of dev, release, asan, tsan, fuzz" ;;
esac

step "Packages"
deploy/install-dependencies.sh $packages
tests/peers.sh || step "Going on without them: their tests will be skipped"
tests/charts.sh || step "Going on without them: the chart's tests will be skipped"
step "Building build/$preset"
cmake --preset "$preset" || fail "cmake could not configure the build; the reason stands above"
cmake --build --preset "$preset" || fail "the build failed; the reason stands above"

if [ "$preset" = fuzz ]; then
  found=no
  for target in $(find build/fuzz -type f -name 'fuzz_*' -perm -u+x | sort); do
    found=yes
    name=${target##*/fuzz_}
    step "$target, ${FUZZ_SECONDS:-60} s"
    mkdir -p "$target.corpus"
    "$target" -max_total_time="${FUZZ_SECONDS:-60}" -print_final_stats=0 "$target.corpus" \
      "tests/fuzz/seeds/$name" </dev/null
  done
  [ "$found" = yes ] || fail "no fuzz target was built"
  exit 0
fi

step "Testing build/$preset"
ctest --preset "$preset" --no-tests=error --parallel "$(nproc)" "$@"
