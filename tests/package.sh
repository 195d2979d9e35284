#!/bin/bash
# Makes the Debian package and tries it where nothing else is: lintian, then in a fresh Debian 12 root installs it, masks with it,
# runs the daemon as its own user, upgrades it with a changed configuration, and purges it. Needs root and debootstrap;
# takes two minutes, most of them for downloads.
#
#     tests/package.sh [FOLDER]     the root is made in FOLDER (default: a temporary one, removed at the end)
set -euo pipefail
cd "$(dirname "$0")/.."

say() { echo "package: $*"; }
fail() {
  echo "package: $*" >&2
  exit 1
}

[[ $(id -u) -eq 0 ]] || fail "needs root, for debootstrap and chroot"
command -v debootstrap >/dev/null || fail "needs debootstrap (apt-get install debootstrap)"
work=${1:-$(mktemp -d)}
root=$work/root
mkdir -p "$work"
finish() {
  [[ -z ${daemon:-} ]] || kill "$daemon" 2>/dev/null || true
  ! mountpoint -q "$root/proc" || umount "$root/proc" || return
  [[ -n ${1:-} ]] || rm -rf --one-file-system "$work"
}
trap 'finish "${1:-}"' EXIT

say "building"
cmake --preset release >/dev/null
cmake --build --preset release --target redactd redactd_package_files >/dev/null
pack() { cpack -G DEB --config build/release/CPackConfig.cmake -B "$work/$1" -D CPACK_PACKAGE_VERSION="$1" >/dev/null; }
export SOURCE_DATE_EPOCH=1767225600
pack 0.1.0
pack 0.1.1
first=$(echo "$work"/0.1.0/redactd_*.deb)
second=$(echo "$work"/0.1.1/redactd_*.deb)
if command -v lintian >/dev/null; then
  said=$(lintian --allow-root "$first" 2>/dev/null) || true
  [[ -z $said ]] || fail "lintian says: $said"
fi
mkdir "$work/again"
cpack -G DEB --config build/release/CPackConfig.cmake -B "$work/again" >/dev/null
cmp "$first" "$work"/again/redactd_*.deb || fail "packed twice, it is not the same"

say "making a Debian root"
debootstrap --variant=minbase bookworm "$root" >"$work/log" 2>&1 || fail "debootstrap: $(tail -3 "$work/log")"
cp -r /etc/apt/. "$root/etc/apt/"
mount -t proc proc "$root/proc"
inside() { chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive "$@"; }

say "installing"
inside apt-get -q update >>"$work/log" 2>&1
cp "$first" "$second" "$root/"
inside apt-get -q -y install "/${first##*/}" >>"$work/log" 2>&1 || fail "installing: $(tail -5 "$work/log")"
inside redactd --version | grep -q '^redactd 0.1.0$' || fail "no redactd 0.1.0"
secret=gh"p_$(head -c 60 /dev/urandom | base64 -w0 | tr -d '/+=' | head -c 36)"
[[ $(echo "with $secret end" | inside redactd) == 'with [REDACTED:github-token] end' ]] || fail "the pipe does not mask"
inside redactd check --config /etc/redactd/redactd.yaml || fail "its configuration is none"
inside getent passwd redactd >/dev/null || fail "no user"

say "running the daemon as its user"
inside install -d -o redactd -g redactd /var/log/redactd
chroot --userspec=redactd:redactd "$root" redactd --config /etc/redactd/redactd.yaml &
daemon=$!
for _ in $(seq 100); do
  (exec 3<>/dev/tcp/127.0.0.1/5514) 2>/dev/null && break
  sleep 0.1
done
exec 3<>/dev/tcp/127.0.0.1/5514
printf '<14>1 - - - - - - with %s end\n' "$secret" >&3
exec 3>&-
for _ in $(seq 100); do
  grep -q 'with \[REDACTED:github-token\] end' "$root/var/log/redactd/redacted.log" 2>/dev/null && break
  sleep 0.1
done
grep -q 'with \[REDACTED:github-token\] end' "$root/var/log/redactd/redacted.log" || fail "nothing came through the daemon"
kill "$daemon"
wait "$daemon" || fail "the daemon ended with $?"
daemon=

say "upgrading, with a configuration that was changed"
echo '# mine' >>"$root/etc/redactd/redactd.yaml"
inside apt-get -q -y install "/${second##*/}" >>"$work/log" 2>&1 || fail "upgrading: $(tail -5 "$work/log")"
grep -q '^# mine$' "$root/etc/redactd/redactd.yaml" || fail "the configuration was not kept"

say "purging"
mkdir -p "$root/var/lib/redactd"
inside apt-get -q -y purge redactd >>"$work/log" 2>&1 || fail "purging: $(tail -5 "$work/log")"
for path in etc/redactd var/lib/redactd usr/bin/redactd; do
  [[ ! -e $root/$path ]] || fail "/$path is left"
done
say "good"
