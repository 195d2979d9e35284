#!/bin/sh
# Installs what is missing, builds redactd and shows what it does to a sample log.
set -eu
cd "$(dirname "$0")/.."

if [ -t 1 ]; then
  bold=$(printf '\033[1m') red=$(printf '\033[31m') green=$(printf '\033[32m') plain=$(printf '\033[0m')
else
  bold='' red='' green='' plain=''
fi
step() { printf '%s\n' "$bold== $*$plain"; }
fail() {
  echo "demo: $*" >&2
  exit 1
}

# Fills {alnum:36} and its like with random characters: the sample log holds no real secret.
fill() {
  awk '
    function pick(set, n,   text, byte) {
      while (n-- > 0) {
        "od -An -v -tu1 -w1 -N65536 /dev/urandom" | getline byte
        text = text substr(set, 1 + byte % length(set), 1)
      }
      return text
    }
    function secret(kind, n) {
      if (kind == "digits") return pick("123456789", n)
      if (kind == "UPPERNUM") return pick(upper "234567", n)
      if (kind == "base64") return pick(lower upper digits, 1) pick(lower upper digits "+/", n - 2) pick(lower upper, 1)
      if (kind == "jwt") return "eyJhbGciOiJIUzI1NiJ9" ".eyJ" pick(lower upper digits, 57) "." pick(lower upper digits, 43)
      return pick(lower upper digits, n)
    }
    BEGIN {
      lower = "abcdefghijklmnopqrstuvwxyz"
      upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
      digits = "0123456789"
    }
    {
      while (match($0, /[{][A-Za-z0-9]+(:[0-9]+)?[}]/)) {
        split(substr($0, RSTART + 1, RLENGTH - 2), part, ":")
        $0 = substr($0, 1, RSTART - 1) secret(part[1], part[2] + 0) substr($0, RSTART + RLENGTH)
      }
      print
    }' deploy/demo-log.in
}

step "1/3 Packages"
deploy/install-dependencies.sh

step "2/3 Building build/release/redactd (a few minutes the first time)"
cmake --preset release || fail "cmake could not configure the build; the reason stands above"
cmake --build --preset release --target redactd || fail "the build failed; the reason stands above"
redactd=build/release/redactd

step "3/3 A sample log, its secrets made up a moment ago"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
fill > "$folder/before.log"
"$redactd" < "$folder/before.log" > "$folder/after.log" 2> "$folder/errors" || fail "$(cat "$folder/errors")"

printf '\n%s\n\n' "${bold}Before: app$plain"
cat "$folder/before.log"
printf '\n%s\n\n' "${bold}After: app | redactd$plain"
sed "s/\[REDACTED:[a-z0-9-]*\]/$green&$plain/g" "$folder/after.log"

printf '\n%s\n\n' "${bold}What was found: redactd scan app.log$plain"
"$redactd" scan - < "$folder/before.log" 2> /dev/null | sed 's/^<stdin>/app.log/' || true

cat <<END

${bold}Try it:$plain
  echo 'password=hunter2' | $redactd
  your-app 2>&1 | $redactd
  $redactd --help
Secrets that were already printed are compromised:$red rotate them$plain.
END
