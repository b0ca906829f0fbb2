#!/usr/bin/env bash
# Puts the oracle on this machine: a real server that redlab is compared with (valkey-server 8, or where the
# distribution has none, redis-server). Idempotent, starts nothing, leaves no service enabled.
# Prints the path of the server; fails with a reason on stderr when there is none to be had.
set -euo pipefail

locate() { command -v valkey-server || command -v redis-server; }

if command -v valkey-server; then exit 0; fi
if ! command -v apt-get >/dev/null; then
  locate || { echo "no apt-get here: install valkey (or redis) by hand" >&2; exit 1; }
  exit 0
fi

sudo=()
if [ "$(id -u)" != 0 ]; then
  sudo -n true 2>/dev/null || { locate || { echo "apt-get needs root, or sudo without a password" >&2; exit 1; }; exit 0; }
  sudo=(sudo -n)
fi
# RUNLEVEL=1 keeps the package's own script from starting the service.
apt() { "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get "$@" >&2; }
packages=(valkey-server valkey-tools valkey-sentinel)

apt update -qq || true
if apt install -y -qq --no-install-recommends "${packages[@]}" 2>/dev/null; then locate; exit 0; fi

# Debian 12 carries valkey in its backports only. Rather than naming a mirror, take the machine's own sources and
# change the suite; they live in a scratch folder, so the system's configuration stays as it was.
codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir -p "$scratch/sources" "$scratch/lists/partial" "$scratch/debs"
chmod -R 755 "$scratch"
for file in /etc/apt/sources.list.d/*.sources; do
  [ -f "$file" ] || continue
  # One deb822 stanza a record; security suites have no backports.
  awk -v RS= -v suite="$codename" '
    /security/ { next }
    $0 ~ "Suites:[^\n]*" suite { sub(/Suites:[^\n]*/, "Suites: " suite "-backports"); print $0 "\n" }
  ' "$file"
done >"$scratch/sources/backports.sources"
{ grep -hE "^deb [^#]*[[:space:]]$codename[[:space:]]" /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null || true; } |
  sed "s/ $codename / $codename-backports /" >"$scratch/sources/backports.list"
only=(-o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$scratch/sources" -o "Dir::State::lists=$scratch/lists")
if apt "${only[@]}" update -qq &&
  (cd "$scratch/debs" && apt-get "${only[@]}" download "${packages[@]}" >&2) &&
  apt install -y -qq --no-install-recommends "$scratch"/debs/*.deb; then
  locate
  exit 0
fi

apt install -y -qq --no-install-recommends redis-server redis-tools redis-sentinel || true
locate || { echo "the distribution has neither valkey nor redis" >&2; exit 1; }
