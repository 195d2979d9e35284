#!/bin/bash
# Tries the package's units under a systemd that is process 1 of a fresh Debian 12 root, in namespaces and a control group of
# their own: start, reload, watchdog, restart, stop, sockets, instances, rotation, and redactd behind journald. Needs root, debootstrap
# and a writable cgroup2; takes three minutes, most of them for downloads.
#
#     tests/systemd.sh [FOLDER]     the root is made in FOLDER (default: a temporary one, removed at the end), or is there already
set -euo pipefail
cd "$(dirname "$0")/.."

say() { echo "systemd: $*"; }
fail() {
  echo "systemd: $*" >&2
  [[ -z ${init:-} ]] || inside journalctl -q -n 30 --no-pager >&2 || true
  exit 1
}

[[ $(id -u) -eq 0 ]] || fail "cannot be tried here: it needs root"
for program in debootstrap unshare nsenter cpack; do
  command -v $program >/dev/null || fail "cannot be tried here: there is no $program"
done
groups=$(awk '$3 == "cgroup2" {print $2; exit}' /proc/mounts)
group=$groups/redactd-test-$$
[[ -n $groups ]] && mkdir "$group" 2>/dev/null || fail "cannot be tried here: no cgroup2 is mounted, or it is read-only"

work=${1:-$(mktemp -d)}
root=$work/root
mkdir -p "$work"
finish() {
  [[ -z ${outer:-} ]] || { kill -KILL "$outer" && wait "$outer"; } 2>/dev/null || true
  for _ in $(seq 100); do
    find "$group" -depth -type d -exec rmdir {} + 2>/dev/null && break
    sleep 0.1
  done
  [[ -n ${1:-} ]] || rm -rf --one-file-system "$work"
}
trap 'finish "${1:-}"' EXIT

say "building the package"
cmake --preset release >/dev/null
cmake --build --preset release --target redactd redactd_package_files >/dev/null
rm -rf "$work/packed"
cpack -G DEB --config build/release/CPackConfig.cmake -B "$work/packed" >/dev/null

if [[ ! -e $root/usr/sbin/logrotate ]]; then
  say "making a Debian root"
  debootstrap --variant=minbase --include=systemd,systemd-sysv,logrotate,iproute2 bookworm "$root" >"$work/log" 2>&1 ||
    fail "debootstrap: $(tail -3 "$work/log")"
  cp -r /etc/apt/. "$root/etc/apt/"
  chroot "$root" apt-get -q update >>"$work/log" 2>&1 || fail "updating: $(tail -5 "$work/log")"
fi
rm -rf "$root"/{etc,etc/systemd/system,var/lib,var/log}/redactd* # of the last time
find "$root/etc/systemd/system" -lname '*/redactd*' -delete
cp "$work"/packed/redactd_*.deb "$root/redactd.deb"
chroot "$root" env DEBIAN_FRONTEND=noninteractive apt-get -q -y --reinstall -o Dpkg::Options::=--force-confmiss install /redactd.deb \
  >>"$work/log" 2>&1 || fail "installing: $(tail -5 "$work/log")"

say "booting it"
boot() {
  set -e
  mount --bind "$1" "$1"
  cd "$1"
  mount -t proc proc proc
  mount --bind proc/sys proc/sys
  mount -o remount,ro,bind proc/sys
  mount -t sysfs -o ro sysfs sys
  mount -t cgroup2 cgroup2 sys/fs/cgroup 2>/dev/null || { mount -t tmpfs tmpfs sys/fs/cgroup && mount -t cgroup2 cgroup2 sys/fs/cgroup; }
  mount -t tmpfs -o mode=755 tmpfs dev
  for device in null zero full random urandom tty; do
    touch dev/$device
    mount --bind /dev/$device dev/$device
  done
  mkdir dev/pts dev/shm
  mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
  ln -s pts/ptmx dev/ptmx
  ln -s /proc/self/fd dev/fd
  for folder in dev/shm tmp run; do mount -t tmpfs tmpfs $folder; done
  ip link set lo up
  pivot_root . mnt
  cd /
  umount -l /mnt
  # As in any container: systemd then leaves the kernel's settings alone.
  exec env -i container=redactd-test PATH=/usr/sbin:/usr/bin /lib/systemd/systemd --system --unit=multi-user.target
}
(
  echo $BASHPID >"$group/cgroup.procs"
  exec unshare --fork --pid --mount --uts --ipc --net --cgroup --kill-child --propagation private \
    bash -c "$(declare -f boot); boot \"\$1\"" boot "$root" </dev/null >"$work/boot.log" 2>&1
) &
outer=$!
for _ in $(seq 100); do
  read -r init _ 2>/dev/null <"/proc/$outer/task/$outer/children" && [[ $(cat "/proc/$init/comm") == systemd ]] && break
  kill -0 "$outer" 2>/dev/null || fail "cannot be tried here: $(tail -3 "$work/boot.log")"
  sleep 0.1
done
inside() { nsenter --target "$init" --all env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"; }

# until_true WHAT COMMAND…: within half a minute.
until_true() {
  local what=$1
  shift
  for _ in $(seq 300); do
    "$@" >/dev/null 2>&1 && return
    sleep 0.1
  done
  fail "waited for $what"
}
is() { [[ $(inside systemctl show --value -p "$2" "$1") == "$3" ]] || return 1; }
journal_has() { [[ $(inside journalctl -q -o cat) == *"$1"* ]]; }
holds() { grep -q -F -e "$2" "$root$1"; }
configure() { cat >"$root/etc/redactd/$1.yaml"; }
send() { inside logger -n 127.0.0.1 -P "$1" -T "$2"; }
until_true "systemd" inside systemctl show
state=$(inside systemctl is-system-running --wait) || fail "systemd is $state: $(inside systemctl --failed --no-legend)"
secret=gh"p_$(head -c 60 /dev/urandom | base64 -w0 | tr -d '/+=' | head -c 36)"
mask='[REDACTED:github-token]'
log=/var/log/redactd/redacted.log

say "starting"
inside systemctl -q enable --now redactd || fail "redactd.service does not start"
is redactd ActiveState active && is redactd StatusText redacting || fail "it is not ready"
send 5514 "one $secret"
until_true "the record" holds $log "one $mask"

say "reloading"
inside systemctl reload redactd || fail "it does not reload"
cp "$root/etc/redactd/redactd.yaml" "$work/good.yaml"
echo 'nosuch: 1' >>"$root/etc/redactd/redactd.yaml"
! inside systemctl reload redactd 2>/dev/null || fail "it reloads a wrong configuration"
until_true "what is wrong in the journal" journal_has 'nosuch: is no known key'
is redactd ActiveState active || fail "a wrong configuration has ended it"

say "rotating, in spite of it"
inside logrotate -f /etc/logrotate.d/redactd
until_true "a new file" test -e "$root$log"
send 5514 "two $secret"
until_true "the record in it" holds $log "two $mask"

say "starting with a wrong configuration"
! inside systemctl restart redactd 2>/dev/null || fail "it starts with a wrong configuration"
sleep 1.5 # RestartSec=1s would be over
is redactd ActiveState failed && is redactd NRestarts 0 || fail "it is started again with a wrong configuration"
configure redactd <"$work/good.yaml"
inside systemctl start redactd

say "kill -9, and standing still"
inside systemctl kill --signal=KILL redactd
until_true "another start" is redactd NRestarts 1
until_true "it to be ready" is redactd ActiveState active
mkdir -p "$root/run/systemd/system"
inside mkdir -p /run/systemd/system/redactd.service.d
inside sh -c 'printf "[Service]\nWatchdogSec=2s\n" > /run/systemd/system/redactd.service.d/watchdog.conf'
inside systemctl daemon-reload
inside systemctl restart redactd
sleep 3
is redactd NRestarts 0 || fail "the watchdog ends what is well"
inside systemctl kill --signal=STOP redactd
until_true "the watchdog" is redactd NRestarts 1
until_true "it to be ready" is redactd ActiveState active
send 5514 "three $secret"
until_true "the record" holds $log "three $mask"

say "stopping"
inside systemctl stop redactd
is redactd ActiveState inactive && is redactd Result success || fail "it did not stop well"

say "a socket of systemd's"
configure redactd <<'YAML'
sources:
  - {name: syslog, type: syslog, listen: "systemd://syslog"}
sinks:
  - {name: out, type: file, path: /var/log/redactd/redacted.log}
YAML
inside systemctl -q enable --now redactd.socket
is redactd ActiveState inactive || fail "it runs before anybody asks"
send 514 "four $secret"
until_true "the record" holds $log "four $mask"
for number in $(seq 20); do
  [[ $number != 10 ]] || inside systemctl restart redactd &
  send 514 "while it restarts $number $secret"
done
wait %?restart 2>/dev/null || true
for number in $(seq 20); do until_true "record $number" holds $log "while it restarts $number $mask"; done

say "an instance"
configure two <<'YAML'
sources:
  - {name: syslog, type: syslog, listen: "tcp://127.0.0.1:5515"}
sinks:
  - {name: out, type: file, path: /var/log/redactd/two.log}
known_values: {socket: /run/redactd-two/known.sock}
admin: {listen: "tcp://127.0.0.1:9601"}
YAML
inside systemctl -q enable --now redactd@two || fail "redactd@two.service does not start"
send 5515 "five $secret"
until_true "the record" holds /var/log/redactd/two.log "five $mask"
inside systemctl reload redactd@two || fail "it does not reload"
inside logrotate -f /etc/logrotate.d/redactd
until_true "a new file of the instance" test -e "$root/var/log/redactd/two.log"
echo nothing-that-has-a-shape | inside redactd known add --socket /run/redactd-two/known.sock --name NOTHING >/dev/null
send 5515 "six nothing-that-has-a-shape"
until_true "the record" holds /var/log/redactd/two.log 'six [REDACTED:known:NOTHING]'

say "behind journald"
inside systemctl -q disable --now redactd.socket redactd.service
configure redactd <<'YAML'
sources:
  - {name: journal, type: syslog, listen: "systemd://syslog.socket"}
sinks:
  - name: aggregator
    type: syslog
    endpoints: ["tcp://127.0.0.1:5515"]
    spool: {directory: /var/lib/redactd/spool}
YAML
inside install -D -m 644 /usr/share/doc/redactd/examples/journald.conf /etc/systemd/system/redactd.service.d/journald.conf
inside systemctl daemon-reload
inside systemctl -q reenable redactd.service
inside systemctl restart syslog.socket redactd.service || fail "it does not start with the drop-in"
inside systemd-cat echo "seven $secret"
until_true "the record" holds /var/log/redactd/two.log "seven $mask"

say "upgrading and removing"
before=$(inside systemctl show --value -p MainPID redactd@two)
inside env DEBIAN_FRONTEND=noninteractive apt-get -q -y --reinstall install /redactd.deb >>"$work/log" 2>&1 || fail "upgrading: $(tail -5 "$work/log")"
! is redactd@two MainPID "$before" || fail "the instance still runs the old program"
is redactd@two ActiveState active && is redactd ActiveState active || fail "they do not run after the upgrade"
rm "$root/etc/redactd/two.yaml" # which the package does not know
inside env DEBIAN_FRONTEND=noninteractive apt-get -q -y purge redactd >>"$work/log" 2>&1 || fail "purging: $(tail -5 "$work/log")"
! inside sh -c 'grep -q -s -x redactd /proc/[0-9]*/comm' || fail "it still runs"
left=$(find "$root"/{etc,var/lib,var/log} \( -name '*redactd*' -o -lname '*redactd*' \) -not -path '*/dpkg/*' -not -path '*/apt/*' \
  -not -path '*/etc/systemd/system/redactd.service.d*')
[[ -z $left ]] || fail "this is left: $left"
grep -q -r -F "$secret" "$root"/var/log "$root"/etc --exclude-dir=journal && fail "the secret is in a file" || true
say "good"
