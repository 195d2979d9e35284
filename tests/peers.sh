#!/bin/sh
# Fetches the programs that the end-to-end tests use: rsyslog, syslog-ng, Prometheus, kubectl, nginx, PostgreSQL, Redis; HAProxy,
# which the benchmark measures as well; and a libhs that misses matches, which the tests have to find out. Does nothing when
# they are there already.
#
#     tests/peers.sh           into build/peers
#     tests/peers.sh FOLDER    elsewhere; the tests then want REDACTD_PEERS=FOLDER
#
# The Debian packages are unpacked, not installed: rsyslog and syslog-ng exclude each other, and an installed one would
# take the place of this machine's own syslog daemon. So no service is started, enabled or replaced. The libraries that
# they need are installed by deploy/install-dependencies.sh.
set -eu
cd "$(dirname "$0")/.."

packages='rsyslog rsyslog-openssl rsyslog-relp librelp0 syslog-ng-core prometheus haproxy kubernetes-client nginx postgresql-15
  postgresql-client-15 redis-server redis-tools libvectorscan5'
programs='usr/sbin/rsyslogd usr/sbin/syslog-ng usr/bin/loggen usr/bin/prometheus usr/bin/promtool usr/sbin/haproxy usr/bin/kubectl
  usr/sbin/nginx usr/bin/redis-server usr/lib/postgresql/15/bin/postgres usr/lib/postgresql/15/bin/psql'

say() { echo "peers: $*"; }
fail() {
  echo "peers: $*" >&2
  exit 1
}

case ${1:-} in
  -h | --help) sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//p}' tests/peers.sh; exit 0 ;;
esac
folder=${1:-build/peers}

missing=
for package in $packages; do
  [ -e "$folder/unpacked/$package" ] || missing="$missing $package"
done
if [ -z "$missing" ]; then
  say "everything is in $folder already"
  exit 0
fi
command -v apt-get >/dev/null && command -v dpkg >/dev/null ||
  fail "needs apt-get and dpkg; without them install$missing by hand, the tests also find programs in PATH"

mkdir -p "$folder/unpacked"
folder=$(cd "$folder" && pwd)
downloads=$(mktemp -d "$folder/download.XXXXXX")
trap 'rm -rf "$downloads"' EXIT

# Lists that are missing or older than the mirror's packages are refreshed, once.
download() (cd "$downloads" && apt-get -q -o APT::Sandbox::User=root download $missing)
say "fetching$missing"
if ! download; then
  as_root=
  [ "$(id -u)" -eq 0 ] || as_root=sudo
  $as_root apt-get -q update || fail "apt-get update failed; the reason stands above"
  download || fail "apt-get could not fetch$missing; the reason stands above"
fi
for package in $missing; do
  case $package in
    libvectorscan5) into=$folder/vectorscan ;;  # out of the way: its libhs is nobody's
    *) into=$folder ;;
  esac
  dpkg -x "$downloads/${package}"_*.deb "$into"
  touch "$folder/unpacked/$package"
done

export LD_LIBRARY_PATH="$folder/usr/lib/syslog-ng"
for program in $programs; do
  absent=$(ldd "$folder/$program" 2>/dev/null | sed -n 's/^[[:space:]]*\([^ ]*\) => not found$/\1/p' | tr '\n' ' ')
  [ -z "$absent" ] || fail "$program lacks $absent; deploy/install-dependencies.sh installs the libraries"
done
say "done"
