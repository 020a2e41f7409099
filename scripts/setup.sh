#!/usr/bin/env bash
# Installs what one of our commands needs from Debian, and says so first.
#
#   scripts/setup.sh [run|test|bench]      (default: run)
#
# Does nothing when everything is there. Starts no service: a policy-rc.d refuses that while
# packages are installed, and the system services of packages that were new stay disabled.
set -euo pipefail

purpose=${1:-run}
policy=/usr/sbin/policy-rc.d
policy_before=''
policy_is_ours=no
wanted=()
services=()

main() {
  case $purpose in
    run | test | bench) ;;
    *) die "usage: scripts/setup.sh [run|test|bench]" ;;
  esac
  require_cargo
  collect "$purpose"
  if ((${#wanted[@]})); then
    install_wanted
  fi
}

# Fills `wanted` with the missing packages and tells why each is needed.
collect() {
  need_command cc build-essential "a C compiler, for SQLite inside the program"
  need_command curl curl "asks the test servers whether they are ready"
  need_command openssl openssl "makes the test servers' certificates"
  need_command ps procps "lists processes"
  need_command perl perl-base "finds free addresses and ports"
  need_file /etc/ssl/certs/ca-certificates.crt ca-certificates "lets cargo download crates"
  need_package ejabberd "the XMPP server that OneSoup is tried with" ejabberd epmd
  need_package dnsmasq-base "tells the private servers each other's address"
  if [ "$1" = test ]; then
    need_package prosody "the second XMPP server, on the far side of the federation" prosody
    need_package lua-unbound "the resolver of Prosody"
    need_command xml2wbxml libwbxml2-utils "a second opinion on binary XML"
  fi
  if [ "$1" = bench ]; then
    need_package libwbxml2-dev "the library that our codec is measured against"
  fi
}

need_command() { command -v "$1" >/dev/null || want "$2" "$3"; }
need_file() { [ -s "$1" ] || want "$2" "$3"; }

need_package() {
  local package=$1 reason=$2
  shift 2
  case $(dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null || true) in
    ii*) ;;
    *) want "$package" "$reason" && services+=("$@") ;;
  esac
}

want() {
  ((${#wanted[@]})) || echo "To install from Debian:"
  printf '  %-18s %s\n' "$1" "$2"
  wanted+=("$1")
}

require_cargo() {
  command -v cargo >/dev/null && return
  die "cargo is missing. Get Rust from https://rustup.rs:" \
    "  curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh"
}

install_wanted() {
  command -v apt-get >/dev/null || die "apt-get is missing: install these with your own tools"
  [ "$(id -u)" = 0 ] || command -v sudo >/dev/null ||
    die "neither root nor sudo: have this run as root, then try again:" \
      "  apt-get update && apt-get install --no-install-recommends ${wanted[*]}"
  trap remove_policy EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
  forbid_services
  as_root env DEBIAN_FRONTEND=noninteractive apt-get update -q
  as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -q -y --no-install-recommends "${wanted[@]}"
  disable_services
  remove_policy
}

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  else
    sudo "$@"
  fi
}

# Debian starts a service as soon as its package is unpacked, unless this script says 101.
forbid_services() {
  if [ -e "$policy" ]; then
    policy_before="$policy.before-onesoup"
    as_root mv "$policy" "$policy_before"
  fi
  policy_is_ours=yes
  printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
  as_root chmod 755 "$policy"
}

remove_policy() {
  [ "$policy_is_ours" = yes ] || return 0
  policy_is_ours=no
  if [ -n "$policy_before" ]; then
    as_root mv "$policy_before" "$policy"
  else
    as_root rm -f "$policy"
  fi
}

# Else the next boot would start an ejabberd and a Prosody nobody asked for.
disable_services() {
  local service
  for service in "${services[@]}"; do
    if command -v systemctl >/dev/null; then
      as_root systemctl disable --quiet "$service" 2>/dev/null || true
    elif command -v update-rc.d >/dev/null; then
      as_root update-rc.d "$service" disable 2>/dev/null || true
    fi
  done
}

die() {
  printf '%s\n' "$@" >&2
  exit 1
}

main
