#!/bin/sh
# What the tests drive beside Python, from Debian's own packages, where it is not here yet:
#   sh tests/debian.sh postgres|browser|office …      (make debian: all of them)
# Ends with 3 and names the packages when they can neither be found nor installed.
set -eu

packages() {
  case $1 in
    postgres) echo postgresql ;;
    browser) echo chromium ;;
    office) echo libreoffice-calc libreoffice-writer poppler-utils fonts-noto-cjk ;;
    *) echo "$1: neither postgres nor browser nor office" >&2; exit 2 ;;
  esac
}

here() {
  case $1 in
    postgres) command -v initdb || ls /usr/lib/postgresql/*/bin/initdb ;;
    browser) [ -n "${EVENHAND_CHROMIUM:-}" ] || command -v chromium || command -v chromium-browser || command -v google-chrome ;;
    office) command -v soffice && command -v pdftoppm ;;
  esac >/dev/null 2>&1
}

refuse() {
  echo "missing:$wanted ($1). Remedy: as root, apt-get install$wanted" >&2
  exit 3
}

wanted=
for kind in "$@"; do
  names=$(packages "$kind")
  here "$kind" || wanted="$wanted $names"
done
[ -n "$wanted" ] || exit 0

command -v apt-get >/dev/null || refuse "this is no Debian"
if [ "$(id -u)" = 0 ]; then as=; elif sudo -n true 2>/dev/null; then as="sudo -n"; else refuse "neither root nor sudo"; fi
quick="-o Acquire::Retries=1 -o Acquire::http::Timeout=30 -o Acquire::https::Timeout=30 -o DPkg::Lock::Timeout=120"
echo "installing$wanted"
# shellcheck disable=SC2086
$as apt-get $quick -qq update || refuse "no package list"
# shellcheck disable=SC2086
$as env DEBIAN_FRONTEND=noninteractive apt-get $quick -qq -y --no-install-recommends install $wanted >/dev/null || refuse "apt-get failed"
for kind in "$@"; do here "$kind" || refuse "installed, but $kind is still not found"; done
