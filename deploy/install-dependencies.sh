#!/bin/sh
# Installs the Debian packages that building and testing redactd needs; with --all also those that the
# checks and the benchmarks need. Does nothing when they are all there.
set -eu

build='g++ cmake ninja-build pkg-config ccache libhyperscan-dev libre2-dev libyaml-cpp-dev libcli11-dev
  nlohmann-json3-dev libssl-dev libboost1.81-dev libseccomp-dev libspdlog-dev libsystemd-dev libtomlplusplus-dev prometheus-cpp-dev
  libgtest-dev libgmock-dev libbenchmark-dev python3 python3-jsonschema python3-yaml'
# Of the programs that tests/peers.sh unpacks: their libraries; and other programs that the tests run.
peers='bsdutils gdb git iproute2 libatomic1 libcap2 libestr0 libfastjson4 libglib2.0-0 libgnutls30 libgssapi-krb5-2 libicu72 libivykis0
  libjemalloc2 libjson-c5 libldap-2.5-0 liblognorm5 liblua5.3-0 liblzf1 libnet1 libopentracing-c-wrapper0 libpam0g libpcre2-8-0 libpcre3
  libpq5 libreadline8 libssl3 libsystemd0 libuuid1 libwrap0 libxml2 libzstd1 openssl procps python3-pip strace systemd tzdata util-linux
  zlib1g'
checks='clang-14 clang-format-14 clang-tidy-14 libclang-rt-14-dev ripgrep perl librsvg2-bin valgrind mandoc
  lintian debootstrap pre-commit'

usage() {
  echo "usage: deploy/install-dependencies.sh [--all]"
  echo "  --all   also what the checks and the benchmarks need:" $checks
}

say() { echo "install-dependencies: $*"; }
fail() {
  echo "install-dependencies: $*" >&2
  exit 1
}

wanted="$build $peers"
for argument in "$@"; do
  case $argument in
    --all) wanted="$build $peers $checks" ;;
    -h | --help) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
  esac
done

by_hand() {
  echo "Install the equivalents of these packages by hand, then build with"
  echo "  cmake --preset release && cmake --build --preset release"
  echo "Packages:" $build
}

system=unknown
if [ -r /etc/os-release ]; then
  system=$(. /etc/os-release && echo "${ID:-unknown} ${VERSION_ID:-}")
fi
command -v dpkg >/dev/null && command -v apt-get >/dev/null ||
  fail "needs apt and dpkg, and this is $system. $(by_hand)"

case $(dpkg --print-architecture) in
  amd64) ;;
  arm64) fail "Hyperscan is made for x86-64 only. On arm64 redactd needs Vectorscan 5.4.13 or newer, which Debian 12" \
              "does not have (its 5.4.9 misses matches, and a missed match is a leaked secret)." ;;
  *) fail "Hyperscan is made for x86-64 only; this is $(dpkg --print-architecture)." ;;
esac

missing=
for package in $wanted; do
  status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) || status=none
  [ "$status" = installed ] || missing="$missing $package"
done
if [ -z "$missing" ]; then
  say "everything is installed already"
  exit 0
fi

[ "$system" = "debian 12" ] ||
  fail "is made for Debian 12, and this is $system. $(by_hand)"
as_root=
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || fail "has to install$missing; run it as root, or install sudo first"
  as_root=sudo
fi

apt() {
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 "$@" </dev/null
}

say "installing$missing"
if ! apt -o APT::Update::Error-Mode=any update; then
  say "apt-get update failed; trying once more"
  sleep 3
  apt -o APT::Update::Error-Mode=any update ||
    say "apt-get update failed again; going on with the package lists that are there"
fi
apt install -y --no-install-recommends $missing ||
  fail "apt-get could not install$missing. Is there a network connection, and do the sources in" \
       "/etc/apt/sources.list* name a Debian 12 mirror? The reason stands above."
say "done"
