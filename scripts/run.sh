#!/usr/bin/env bash
# `make run`: OneSoup at a private XMPP server, with two accounts, ready for a phone.
#
# Stays in the foreground; Ctrl-C ends and removes everything. What it writes lies below the
# target directory of the checkout, and goes with it.
#
#   LISTEN=192.0.2.7 make run    for a real phone: serves at that address, not at 127.0.0.1
set -euo pipefail
cd "$(dirname "$(realpath "${BASH_SOURCE[0]}")")/.."

readonly READY_DEADLINE_SECS=30
readonly STOP_DEADLINE_SECS=15
readonly POLL_SECS=0.05

target=${CARGO_TARGET_DIR:-target}
listen=${LISTEN:-127.0.0.1}
# Set by prepare: where this run keeps its files, and how to find its programs.
dir=''
config=''
programs=''
onesoup_pid=''

main() {
  scripts/setup.sh run
  build
  prepare
  start_lab
  write_config
  add_account kim "$kim_password"
  add_account lee "$lee_password"
  start_onesoup
  explain
  stay
}

# --- our program: every call of it stands here -----------------------------------------------

onesoup() { "$programs/onesoup" --config "$config" "$@"; }

add_account() {
  printf '%s\n' "$2" | onesoup account add "$1@$DOMAIN" --password-stdin >>"$dir/onesoup.log" 2>&1 ||
    fail "the account $1 cannot be made"
}

start_onesoup() {
  # In a session of its own, so that Ctrl-C reaches it through us; it ends when we do.
  setsid setpriv --pdeathsig TERM "$programs/onesoup" --config "$config" run \
    </dev/null >>"$dir/onesoup.log" 2>&1 &
  onesoup_pid=$!
  local deadline=$((SECONDS + READY_DEADLINE_SECS))
  until curl -fs -m 2 -o /dev/null "http://$admin/readyz"; do
    kill -0 "$onesoup_pid" 2>/dev/null || fail "onesoup has ended"
    ((SECONDS < deadline)) || fail "onesoup is not ready after $READY_DEADLINE_SECS s"
    sleep "$POLL_SECS"
  done
}

write_config() {
  config=$dir/onesoup.toml
  (
    umask 077
    cat >"$config" <<TOML
[domain]
name = "$DOMAIN"

[link]
host = "$COMPONENT_HOST"
port = $COMPONENT_PORT
secret = "$SECRET"

[http]
listen = "$http"

[admin]
listen = "$admin"

[store]
url = "sqlite://$dir/onesoup.db"

[cir.tcp]
listen = "$cir"
advertise = "$cir"

[cir.udp]
enabled = true

[accounts]
registration = "closed"
key_file = "$dir/onesoup.key"
TOML
  )
}

explain() {
  cat <<TEXT

OneSoup is up. It is the server of $DOMAIN, and a component of a private ejabberd,
the server of $XMPP_DOMAIN.

The phone's settings (Wireless Village, IMPS, "chat", "instant messaging"):
  Server address  http://$http/
  User            kim     (or lee; some phones want all of kim@$DOMAIN)
  Password        $kim_password   ($lee_password for lee)
  Version         CSP 1.1, 1.2 or 1.3, whichever the phone speaks

No phone at hand? Two more terminals, in this directory:

  1. a handset; it asks for the password, $kim_password:
     $programs/onesoup --config $config phone kim@$DOMAIN --cir tcp
  2. its contact, an XMPP client at the other server:
     $programs/examples/xmpp_client alice@$XMPP_DOMAIN pw-alice $C2S_HOST $C2S_PORT
     and there:  /to kim@$DOMAIN   and then what you want to say

What alice says appears at the handset; what is typed there then goes to her. /help, /quit.

Any other XMPP client will do: alice@$XMPP_DOMAIN, password pw-alice,
server $C2S_HOST, port $C2S_PORT, no TLS. bob@$XMPP_DOMAIN has the password pw-bob.

Health: http://$admin/readyz    Figures: http://$admin/metrics    Log: $dir/onesoup.log
Ctrl-C ends and removes all of this.
TEXT
}

# --- the rest --------------------------------------------------------------------------------

# A debug build is there in half the time; a release build is used where one was made before.
build() {
  local profile=()
  programs=$target/debug
  if [ -x "$target/release/onesoup" ]; then
    profile=(--release)
    programs=$target/release
  fi
  echo "Building ${programs##*/} programs (the first time takes some minutes)."
  cargo build --locked "${profile[@]}" --bin onesoup --example xmpp_client
  # Seen from the root, since a stranger may copy what we print into another terminal.
  programs=$(realpath "$programs")
}

prepare() {
  remove_leftovers
  dir=$(realpath "$target")/run-$$
  trap finish EXIT
  trap 'exit 0' INT TERM HUP
  mkdir -m 700 "$dir"
  kim_password=$(openssl rand -hex 4)
  lee_password=$(openssl rand -hex 4)
  local ports
  mapfile -t ports < <(free_ports "$listen" 8080 3171) || true
  [ ${#ports[@]} = 2 ] || fail "$listen is no address of this machine"
  http=$listen:${ports[0]}
  cir=$listen:${ports[1]}
  admin=127.0.0.1:$(free_ports 127.0.0.1 8081)
  [ "${ports[0]}" = 8080 ] || echo "Port 8080 is taken: phones are served at ${ports[0]}."
  [ "${admin##*:}" = 8081 ] || echo "Port 8081 is taken: the operator is served at ${admin##*:}."
}

# A run that was killed with -9 could not clean up.
remove_leftovers() {
  local left
  for left in "$target"/run-*; do
    if [ -d "$left" ] && [ ! -e "/proc/${left##*-}" ]; then
      [ ! -f "$left/lab/env" ] || scripts/lab.sh down "$left/lab"
      rm -rf "$left"
    fi
  done
}

start_lab() {
  echo "Starting a private ejabberd."
  scripts/lab.sh up "$dir/lab" --with-parent $$
  # shellcheck source=/dev/null
  . "$dir/lab/env"
}

# Prints the ports wished for, another free one where one is taken.
free_ports() {
  perl -MSocket -e '
    my ($host, @wishes) = @ARGV;
    for my $wish (@wishes) {
      for my $port ($wish, 0) {
        socket(my $socket, PF_INET, SOCK_STREAM, 0) or die "socket: $!";
        setsockopt($socket, SOL_SOCKET, SO_REUSEADDR, 1);
        my $address = inet_aton($host) or exit 1;
        bind($socket, pack_sockaddr_in($port, $address)) && listen($socket, 1) or next;
        print +(unpack_sockaddr_in(getsockname $socket))[0], "\n";
        push our @keep, $socket;
        last;
      }
    }
  ' "$@"
}

# Returns when a part has ended, or make has.
stay() {
  local parts=("$onesoup_pid") ended=''
  scripts/lab.sh wait "$dir/lab" 2>/dev/null &
  parts+=($!)
  if [ -n "${MAKELEVEL:-}" ]; then
    tail --pid="$PPID" -f /dev/null &
    parts+=($!)
  fi
  wait -n -p ended "${parts[@]}" || true
  case $ended in
    "${parts[0]}") onesoup_pid='' && fail "onesoup has ended" ;;
    "${parts[1]}") fail "the private ejabberd has ended" ;;
  esac
}

fail() {
  [ ! -s "$dir/onesoup.log" ] || tail -n 20 "$dir/onesoup.log" >&2
  echo "make run: $1" >&2
  exit 1
}

# Not to be interrupted: neither a second Ctrl-C nor a closed terminal must leave half of it.
finish() {
  local status=$?
  set +e
  trap '' INT TERM HUP
  trap - EXIT
  echo
  echo "Stopping."
  stop_onesoup
  local child
  for child in $(jobs -p); do
    kill "$child" 2>/dev/null || true
  done
  [ ! -d "$dir/lab" ] || scripts/lab.sh down "$dir/lab" 2>/dev/null || true
  rm -rf "$dir"
  exit "$status"
}

stop_onesoup() {
  [ -n "$onesoup_pid" ] || return 0
  local deadline=$((SECONDS + STOP_DEADLINE_SECS))
  kill -TERM "$onesoup_pid" 2>/dev/null || return 0
  while kill -0 "$onesoup_pid" 2>/dev/null; do
    ((SECONDS < deadline)) || kill -KILL "$onesoup_pid" 2>/dev/null || true
    sleep "$POLL_SECS"
  done
}

main
