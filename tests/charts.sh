#!/bin/sh
# Fetches what the test of the Helm chart and of the manifests uses: helm and kubeconform, which Go builds (some minutes; once), and
# the schemas of Kubernetes, which the Python package kubernetes-validate carries. Does nothing when they are there already.
#
#     tests/charts.sh           into build/peers
#     tests/charts.sh FOLDER    elsewhere; the tests then want REDACTD_PEERS=FOLDER
set -eu
cd "$(dirname "$0")/.."

helm=helm.sh/helm/v3/cmd/helm@v3.17.3  # needs Go 1.23
kubeconform=github.com/yannh/kubeconform/cmd/kubeconform@v0.6.7
schemas=kubernetes-validate==1.37.0
release=v1.37.0

fail() {
  echo "charts: $*" >&2
  exit 1
}

case ${1:-} in
  -h | --help) sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//p}' tests/charts.sh; exit 0 ;;
esac
mkdir -p "${1:-build/peers}"
folder=$(cd "${1:-build/peers}" && pwd)
bin=$folder/usr/bin

for program in helm kubeconform; do
  [ -x "$bin/$program" ] && continue
  command -v go >/dev/null || fail "needs Go 1.23 or newer to build $program"
  eval "module=\$$program"
  echo "charts: building $module"
  GOBIN=$bin GOFLAGS=-trimpath go install -ldflags '-s -w' "$module" || fail "could not build $program; the reason stands above"
done

if [ ! -d "$folder/kubernetes-schemas" ]; then
  downloads=$(mktemp -d "$folder/download.XXXXXX")
  trap 'rm -rf "$downloads"' EXIT
  python3 -m pip download -q --no-deps --disable-pip-version-check -d "$downloads" "$schemas" ||
    fail "pip could not fetch $schemas; the reason stands above"
  (cd "$downloads" && python3 -m zipfile -e ./*.whl unpacked)
  made=$downloads/unpacked/kubernetes_validate/kubernetes-json-schema/$release-local-strict
  # Their references are relative to a place on the network; here, to each other.
  sed -i 's#"/api/_definitions.json#"_definitions.json#; s#^  "$id": #  "x-id": #' "$made"/*.json
  mv "$made" "$folder/kubernetes-schemas"
fi
echo "charts: everything is in $folder"
