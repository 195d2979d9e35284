#!/bin/sh
# Puts what redactd needs at run time, and nothing else, into an empty folder that can be a container's root: the
# program, the libraries it is linked with, certificates, a user. The image's Dockerfile uses it; so do the tests.
#
#     deploy/assemble-root.sh PROGRAM ROOT
set -eu
umask 022  # others than its maker run what is in it

[ $# -eq 2 ] || { sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//p}' "$0"; exit 2; }
program=$1
root=$2

mkdir -p "$root/usr/bin" "$root/etc/redactd" "$root/var/lib/redactd" "$root/tmp"
chmod 1777 "$root/tmp"
cp "$program" "$root/usr/bin/redactd"
strip "$root/usr/bin/redactd"

# What it is linked with, and what the C library loads to look names up. Where there is a link, the file is named as it.
libraries=$(ldd "$program" | sed -n 's/.*=> \(\/[^ ]*\).*/\1/p; s/^[[:space:]]*\(\/[^ ]*ld-[^ ]*\).*/\1/p')
libc=$(printf '%s\n' "$libraries" | grep '/libc\.so')
for library in $libraries "${libc%/*}"/libnss_files.so.2 "${libc%/*}"/libnss_dns.so.2; do
  [ -e "$library" ] || continue
  mkdir -p "$root$(dirname "$library")"
  cp -L "$library" "$root$library"
done

if [ -e /etc/ssl/certs/ca-certificates.crt ]; then
  mkdir -p "$root/etc/ssl/certs"
  cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
fi
echo 'redactd:x:65532:65532::/var/lib/redactd:/nonexistent' > "$root/etc/passwd"
echo 'redactd:x:65532:' > "$root/etc/group"
echo 'hosts: files dns' > "$root/etc/nsswitch.conf"
chown 65532:65532 "$root/var/lib/redactd"
