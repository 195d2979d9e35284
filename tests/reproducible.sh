#!/bin/sh
# Builds redactd and its Debian package twice, in two folders, from what is committed, and compares them byte for byte. The compiler's
# cache is left out, so it takes two whole builds: a quarter of an hour on two cores.
#
#     tests/reproducible.sh [FOLDER]     builds in FOLDER (default: a temporary one, removed at the end)
set -eu
cd "$(dirname "$0")/.."

fail() {
  echo "reproducible: $*" >&2
  exit 1
}

work=${1:-$(mktemp -d)}
mkdir -p "$work"
[ -n "${1:-}" ] || trap 'rm -rf "$work"' EXIT
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH CCACHE_DISABLE=1

for folder in "$work/one" "$work/another-folder"; do
  rm -rf "$folder"
  mkdir "$folder"
  git archive HEAD | tar -x -C "$folder"
  (
    cd "$folder"
    # As whoever packages it has to: the folder stands in no file then.
    export CXXFLAGS="-ffile-prefix-map=$folder=." CFLAGS="-ffile-prefix-map=$folder=." ASMFLAGS="-ffile-prefix-map=$folder=."
    cmake --preset release -DREDACTD_BUILD_TESTS=OFF -DREDACTD_BUILD_BENCH=OFF >/dev/null
    cmake --build --preset release --target redactd redactd_package_files >/dev/null
    cpack -G DEB --config build/release/CPackConfig.cmake -B packed >/dev/null
  ) || fail "could not build in $folder"
done
cmp "$work/one/build/release/redactd" "$work/another-folder/build/release/redactd" || fail "the program is not the same"
cmp "$work"/one/packed/redactd_*.deb "$work"/another-folder/packed/redactd_*.deb || fail "the package is not the same"
echo "reproducible: $(sha256sum < "$work/one/build/release/redactd" | cut -c1-64) redactd, the same from two folders"
echo "reproducible: $(sha256sum < "$(echo "$work"/one/packed/redactd_*.deb)" | cut -c1-64) package, the same from two folders"
