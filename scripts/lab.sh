#!/usr/bin/env bash
# A private XMPP world on the loopback network, for tests and for trying things out.
#
#   scripts/lab.sh up DIR [--far] [--with-parent PID]   start it, everything inside DIR
#   scripts/lab.sh env DIR                              its addresses, to be read by a shell
#   scripts/lab.sh down DIR                             end it and remove what it made
#   scripts/lab.sh kill-ejabberd DIR                    kill -9, as a crash would
#   scripts/lab.sh stop-ejabberd DIR                    an orderly stop
#   scripts/lab.sh start-ejabberd DIR                   the same configuration, spool and ports
#   (kill-, stop- and start-prosody likewise)
#   scripts/lab.sh wait DIR                             return, with a reason, when a part ends
#
# `up` starts ejabberd for xmpp.test, with places for the components onesoup.test, soup.xmpp.test,
# first.test and second.test. With --far it also starts Prosody for far.test, with a place for the
# component soup.far.test; the two federate over TLS, each proving itself by its certificate.
# Accounts: alice and bob at xmpp.test, ann at far.test; the passwords are pw-alice, pw-bob and
# pw-ann.
#
# With --with-parent, a watcher ends the lab as soon as that process is gone, however it died.
#
# Each lab has addresses of its own in 127.0.0.0/8, so that several run side by side; where a
# usual port is taken, another one is used. The servers find each other by SRV records of a
# private dnsmasq: no file outside DIR is touched, no other name server is asked. Erlang runs
# without distribution: no epmd, no node name. Works for root and for any user.
#
# Needs: ejabberd dnsmasq-base openssl curl perl; with --far: prosody lua-unbound.
set -euo pipefail
export PATH="$PATH:/usr/sbin:/usr/local/sbin"

readonly START_DEADLINE_SECS=60
readonly STOP_DEADLINE_SECS=20
readonly POLL_SECS=0.05
readonly SYNC_MILLIS=25
readonly WATCH_SECS=0.3
# Every entry that `up` makes in DIR.
readonly MADE=(env far home inetrc log pid spool tls upload ejabberd.yml
  prosody.cfg.lua sync syncing)

# Domains of components for one server, besides those in the environment.
readonly PAIR=(first.test second.test)

self=$(realpath "${BASH_SOURCE[0]}")

main() {
  [ $# -ge 2 ] || usage
  local command=$1
  dir=$(realpath -m "$2")
  shift 2
  case $command in
    up) up "$@" ;;
    down) known && down ;;
    env) known && cat "$dir/env" ;;
    wait) known && wait_for_end ;;
    watch) watch "$@" ;;
    kill-ejabberd | kill-prosody) crash "${command#kill-}" ;;
    stop-ejabberd | stop-prosody) stop "${command#stop-}" TERM ;;
    start-ejabberd | start-prosody) restart "${command#start-}" ;;
    *) usage ;;
  esac
}

usage() {
  sed -n '2,/^set /{/^#/s/^# \{0,1\}//p}' "$self" >&2
  exit 2
}

die() {
  printf 'lab: %s\n' "$@" >&2
  exit 1
}

known() {
  [ -f "$dir/env" ] || die "no lab in $dir"
}

# --- up and down -----------------------------------------------------------------------------

up() {
  local far=no parent=''
  while [ $# -gt 0 ]; do
    case $1 in
      --far) far=yes ;;
      --with-parent) parent=${2:?--with-parent needs a process id} && shift ;;
      *) usage ;;
    esac
    shift
  done
  require "$far"
  mkdir -p "$dir"
  [ -z "$(ls -A "$dir")" ] || die "$dir is not empty"
  chmod 700 "$dir"
  trap 'give_up $?' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  mkdir "$dir"/{home,log,pid,spool,tls,upload}
  choose_addresses "$far" >"$dir/env"
  read_env
  [ -z "$parent" ] || start_watcher "$parent"
  write_names
  write_certificate xmpp.test "DNS:xmpp.test,DNS:*.xmpp.test,DNS:$DOMAIN$(printf ',DNS:%s' "${PAIR[@]}")"
  [ "$far" = no ] || write_certificate far.test "DNS:far.test,DNS:*.far.test"
  cat "$dir"/tls/*.crt >"$dir/tls/ca.pem"
  write_ejabberd_config
  start_dnsmasq
  start_ejabberd
  if [ "$far" = yes ]; then
    mkdir "$dir/far"
    write_prosody_config
    start_prosody
  fi
  await_ejabberd
  [ "$far" = no ] || await_prosody
  make_accounts "$far"
  [ -f "$dir/env" ] || die "the parent ended meanwhile"
  trap - EXIT
}

require() {
  local command
  for command in erl dnsmasq openssl curl perl setsid; do
    command -v "$command" >/dev/null || die "$command is missing: run scripts/setup.sh"
  done
  [ "$1" = no ] || command -v prosody >/dev/null ||
    die "prosody is missing: run scripts/setup.sh test"
}

# A failed `up` leaves nothing behind but its reason.
give_up() {
  trap - EXIT
  local log
  for log in "$dir"/log/*.log "$dir"/log/*.out; do
    [ -s "$log" ] && printf '== %s\n%s\n' "$log" "$(tail -n 15 "$log")" >&2
  done
  down
  exit "$1"
}

down() {
  local name
  for name in watcher ejabberd prosody dnsmasq; do
    end "$name" KILL
  done
  rm -rf "${MADE[@]/#/$dir/}"
  rmdir --ignore-fail-on-non-empty "$dir" 2>/dev/null || true
}

crash() {
  known
  sync_ejabberd "$1"
  stop "$1" KILL
}

# A zombie's sockets may outlive it for a moment: waits until nobody answers any more.
stop() {
  known
  read_env
  end "$1" "$2"
  # shellcheck disable=SC2153 # read from the lab's environment
  case $1 in
    ejabberd) await_silence "$COMPONENT_HOST" "$C2S_PORT" "$COMPONENT_PORT" "$HTTP_PORT" ;;
    prosody) await_silence "$FAR_C2S_HOST" "$FAR_C2S_PORT" "$FAR_COMPONENT_PORT" ;;
  esac
}

restart() {
  known
  read_env
  ! alive "$1" || die "$1 is already running"
  "start_$1"
  "await_$1"
}

read_env() {
  # shellcheck source=/dev/null
  . "$dir/env"
}

# --- processes -------------------------------------------------------------------------------

# Runs a command in a session of its own, and notes who it is.
launch() {
  local name=$1
  shift
  (exec setsid "$@") </dev/null >>"$dir/log/$name.out" 2>&1 &
  local pid=$!
  echo "$pid $(birth "$pid")" >"$dir/pid/$name"
}

# When a process was born, in clock ticks since boot; nothing if it is gone or a zombie.
# A process id alone does not name a process: it may belong to another one tomorrow.
birth() {
  local stat
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 0
  # shellcheck disable=SC2086 # the fields are to be split
  set -- ${stat##*) }
  [ "$1" = Z ] || echo "${20}"
}

alive() {
  local pid born
  [ -f "$dir/pid/$1" ] || return 1
  read -r pid born <"$dir/pid/$1" || return 1
  [ -n "$born" ] && [ "$(birth "$pid")" = "$born" ]
}

# Sends a signal to one of our processes and waits until it is gone.
end() {
  local name=$1 signal=$2 pid _ deadline=$((SECONDS + STOP_DEADLINE_SECS))
  alive "$name" || return 0
  read -r pid _ <"$dir/pid/$name"
  [ "$pid" != $$ ] || return 0
  kill -s "$signal" "$pid" 2>/dev/null || true
  while alive "$name"; do
    ((SECONDS < deadline)) || kill -s KILL "$pid" 2>/dev/null || true
    sleep "$POLL_SECS"
  done
  rm -f "$dir/pid/$name"
}

# Waits until a command succeeds, as long as the process lives and the deadline is ahead.
await() {
  local name=$1 deadline=$((SECONDS + START_DEADLINE_SECS))
  shift
  until "$@" >/dev/null 2>&1; do
    alive "$name" || die "$name ended during its start, see $dir/log"
    ((SECONDS < deadline)) || die "$name is not ready after $START_DEADLINE_SECS s"
    sleep "$POLL_SECS"
  done
}

await_silence() {
  local host=$1 port deadline=$((SECONDS + STOP_DEADLINE_SECS))
  shift
  for port in "$@"; do
    while connects "$host" "$port" 2>/dev/null; do
      ((SECONDS < deadline)) || die "$host:$port is still open"
      sleep "$POLL_SECS"
    done
  done
}

connects() { (exec 3<>"/dev/tcp/$1/$2"); }

start_watcher() {
  local born
  born=$(birth "$1")
  [ -n "$born" ] || die "there is no process $1"
  launch watcher "$self" watch "$dir" "$1" "$born"
}

# Runs in the background: ends the lab once the process is gone.
watch() {
  trap '' HUP INT
  while [ "$(birth "$1")" = "$2" ]; do
    sleep "$WATCH_SECS"
  done
  down
}

# Returns when the lab has been taken down, or with an error when one of its servers has ended.
wait_for_end() {
  local names name
  names=$(ls "$dir/pid")
  while true; do
    for name in $names; do
      alive "$name" && continue
      [ -f "$dir/env" ] && [ "$name" != watcher ] && die "$name has ended, see $dir/log"
      return 0
    done
    sleep "$WATCH_SECS"
  done
}

# --- addresses and names ---------------------------------------------------------------------

# Prints the lab's environment. The sockets stay bound until all are chosen.
choose_addresses() {
  perl -MSocket -e '
    my %usual = (C2S => 5222, S2S => 5269, HTTP => 5280, COMPONENT => 5347, DNS => 5300);
    sub bound {
      my ($host, $port, $type) = @_;
      socket(my $socket, PF_INET, $type, 0) or die "socket: $!";
      setsockopt($socket, SOL_SOCKET, SO_REUSEADDR, 1) if $type == SOCK_STREAM;
      bind($socket, pack_sockaddr_in($port, inet_aton($host))) or return;
      $type == SOCK_DGRAM or listen($socket, 1) or return;
      return $socket;
    }
    sub server {
      my (%ports, @open, $host);
      for my $attempt (1 .. 8) {
        my ($unusual, $failed) = (0, 0);
        $host = join ".", 127, 1 + int rand 254, int rand 256, 1 + int rand 254;
        @open = ();
        for my $name (sort keys %usual) {
          my $type = $name eq "DNS" ? SOCK_DGRAM : SOCK_STREAM;
          my $socket = bound($host, $usual{$name}, $type);
          $unusual ||= !$socket;
          $socket ||= bound($host, 0, $type) or $failed = 1, last;
          push @open, $socket;
          $ports{$name} = (unpack_sockaddr_in(getsockname $socket))[0];
        }
        next if $failed;
        last if !$unusual || $attempt > 2;
      }
      @open == keys %usual or die "lab: no free ports in 127.0.0.0/8\n";
      push our @keep, @open;
      return ($host, %ports);
    }
    sub show { print "$_[0]=$_[1]\n" }
    my $secret = join "", map { sprintf "%08x", rand 2 ** 32 } 1 .. 4;
    if (open my $random, "<", "/dev/urandom") {
      read $random, my $bytes, 16;
      $secret = unpack "H*", $bytes;
    }
    my ($near, %near) = server();
    show(DOMAIN => "onesoup.test");
    show(NEAR_DOMAIN => "soup.xmpp.test");
    show(SECRET => $secret);
    show(XMPP_DOMAIN => "xmpp.test");
    show(C2S_HOST => $near), show(C2S_PORT => $near{C2S});
    show(COMPONENT_HOST => $near), show(COMPONENT_PORT => $near{COMPONENT});
    show(S2S_HOST => $near), show(S2S_PORT => $near{S2S});
    show(HTTP_HOST => $near), show(HTTP_PORT => $near{HTTP});
    show(API_URL => "http://$near:$near{HTTP}/api");
    show(BOSH_URL => "http://$near:$near{HTTP}/bosh");
    show(DNS_HOST => $near), show(DNS_PORT => $near{DNS});
    if ($ARGV[0] eq "yes") {
      my ($far, %far) = server();
      show(FAR_DOMAIN => "soup.far.test");
      show(FAR_XMPP_DOMAIN => "far.test");
      show(FAR_C2S_HOST => $far), show(FAR_C2S_PORT => $far{C2S});
      show(FAR_COMPONENT_HOST => $far), show(FAR_COMPONENT_PORT => $far{COMPONENT});
      show(FAR_S2S_HOST => $far), show(FAR_S2S_PORT => $far{S2S});
    }
  ' "$1"
}

# ejabberd asks Erlang's own resolver for SRV records and the C library for addresses; the
# order of the lines in inetrc matters: no resolv.conf first, or ours is not asked. An empty
# file will not do: Erlang looks for changes of it after five seconds, and forgets ours.
write_names() {
  printf '{resolv_conf,""}.\n{nameserver,{%s},%s}.\n' \
    "${DNS_HOST//./,}" "$DNS_PORT" >"$dir/inetrc"
}

# The SRV records name addresses, not hosts, since ejabberd's address lookups cannot be
# redirected without privileges. Prosody then asks for the address of such a "host".
start_dnsmasq() {
  local records=() name
  for name in xmpp.test conference.xmpp.test upload.xmpp.test pubsub.xmpp.test "$DOMAIN" \
    "${PAIR[@]}"; do
    records+=("--srv-host=_xmpp-server._tcp.$name,$S2S_HOST,$S2S_PORT")
  done
  records+=("--host-record=$S2S_HOST,$S2S_HOST")
  if [ -n "${FAR_S2S_HOST:-}" ]; then
    for name in far.test conference.far.test "$FAR_DOMAIN"; do
      records+=("--srv-host=_xmpp-server._tcp.$name,$FAR_S2S_HOST,$FAR_S2S_PORT")
    done
    records+=("--host-record=$FAR_S2S_HOST,$FAR_S2S_HOST")
  fi
  launch dnsmasq dnsmasq --keep-in-foreground --conf-file=/dev/null --log-facility=- \
    --no-resolv --no-hosts --user= --pid-file= --bind-interfaces \
    --listen-address="$DNS_HOST" --port="$DNS_PORT" --local=/test/ "${records[@]}"
}

write_certificate() {
  local name=$1 names=$2
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 365 \
    -subj "/CN=$name" -addext "subjectAltName=$names" \
    -keyout "$dir/tls/$name.key" -out "$dir/tls/$name.crt" 2>>"$dir/log/openssl.out"
  cat "$dir/tls/$name.crt" "$dir/tls/$name.key" >"$dir/tls/$name.pem"
}

# --- ejabberd --------------------------------------------------------------------------------

# Without stream management (XEP-0198): a client that dies must be gone at once, not in five
# minutes. COMPAT(tokio-xmpp 6): its client never ends trying to resume after a restart.
write_ejabberd_config() {
  cat >"$dir/ejabberd.yml" <<YAML
loglevel: info
log_rotate_count: 0
hosts: [xmpp.test]
certfiles: ["$dir/tls/xmpp.test.pem"]
ca_file: "$dir/tls/ca.pem"
auth_password_format: scram
s2s_use_starttls: required
s2s_dns_timeout: 2
s2s_dns_retries: 1
# A failed S2S connection otherwise bounces the domain for up to five minutes.
s2s_max_retry_delay: 1
listen:
  - port: $C2S_PORT
    ip: $C2S_HOST
    module: ejabberd_c2s
    starttls: true
    access: all
    shaper: none
    max_stanza_size: 262144
  - port: $S2S_PORT
    ip: $S2S_HOST
    module: ejabberd_s2s_in
    shaper: none
    max_stanza_size: 524288
  - port: $HTTP_PORT
    ip: $HTTP_HOST
    module: ejabberd_http
    request_handlers:
      /api: mod_http_api
      /bosh: mod_bosh
      /upload: mod_http_upload
      /ws: ejabberd_http_ws
  - port: $COMPONENT_PORT
    ip: $COMPONENT_HOST
    module: ejabberd_service
    global_routes: false
    max_stanza_size: 524288
    hosts:
      $DOMAIN: {password: "$SECRET"}
      $NEAR_DOMAIN: {password: "$SECRET"}
$(printf '      %s: {password: "'"$SECRET"'"}\n' "${PAIR[@]}")
modules:
  mod_adhoc: {}
  mod_admin_extra: {}
  mod_blocking: {}
  mod_bosh: {}
  mod_caps: {}
  mod_carboncopy: {}
  mod_disco: {extra_domains: [$DOMAIN]}
  mod_http_api: {}
  mod_http_upload:
    docroot: "$dir/upload"
    put_url: "http://$HTTP_HOST:$HTTP_PORT/upload"
    access: all
  mod_last: {}
  mod_muc: {access_create: all}
  mod_muc_admin: {}
  mod_offline: {}
  mod_ping: {}
  mod_privacy: {}
  mod_pubsub: {plugins: [flat, pep]}
  mod_roster: {}
  mod_s2s_dialback: {}
  mod_vcard: {search: false}
  mod_version: {}
# Whoever shares this machine can reach the loopback network: nothing here reads or writes files.
api_permissions:
  lab:
    who: {ip: 127.0.0.0/8}
    what:
      - status
      - register
      - unregister
      - check_account
      - connected_users
      - user_resources
      - kick_session
      - kick_user
      - get_presence
      - get_roster
      - add_rosteritem
      - delete_rosteritem
      - get_offline_count
      - get_last
      - send_message
      - send_stanza
      - create_room
      - destroy_room
      - change_room_option
      - get_room_affiliations
      - set_room_affiliation
      - get_room_occupants
      - get_room_occupants_number
      - incoming_s2s_number
      - outgoing_s2s_number
      - stop_s2s_connections
YAML
}

# Straight through erl, not ejabberdctl: that one insists on certain users and a node name.
# Busy waiting is off, so that an idle lab costs no processor time.
start_ejabberd() {
  local libs
  libs=$(ejabberd_libs)
  HOME="$dir/home" ERL_LIBS="$libs" ERL_INETRC="$dir/inetrc" \
    EJABBERD_CONFIG_PATH="$dir/ejabberd.yml" EJABBERD_LOG_PATH="$dir/log/ejabberd.log" \
    ERL_CRASH_DUMP_BYTES=0 \
    launch ejabberd erl +K true +sbwt none +sbwtdcpu none +sbwtdio none -noinput \
    -mnesia dir "\"$dir/spool\"" -ejabberd log_rotate_count 0 -s ejabberd \
    -eval "spawn(fun Wait() ->
      case file:delete(\"$dir/sync\") of
        ok ->
          mnesia:dump_log(),
          [dets:sync(Table) || Table <- dets:all()],
          file:delete(\"$dir/syncing\");
        _ -> timer:sleep($SYNC_MILLIS)
      end,
      Wait() end)."
}

# ejabberd writes accounts, rosters and offline messages to disk up to two seconds late. A test
# that makes them and then kills it would fail now and then: they are written out before.
sync_ejabberd() {
  [ "$1" = ejabberd ] && alive ejabberd || return 0
  : >"$dir/syncing"
  : >"$dir/sync"
  await ejabberd test ! -e "$dir/syncing"
}

ejabberd_libs() {
  local ebin
  for ebin in /usr/lib/*/ejabberd-*/ebin /usr/lib/ejabberd-*/ebin /usr/lib/erlang/lib/ejabberd-*/ebin; do
    [ -d "$ebin" ] && dirname "$(dirname "$ebin")" && return
  done
  die "the modules of ejabberd are missing: run scripts/setup.sh"
}

# ejabberd opens its listeners only after everything else has started.
await_ejabberd() {
  await ejabberd curl -fs -m 2 -o /dev/null "$API_URL/status" -d '{}'
}

# --- Prosody ---------------------------------------------------------------------------------

# "transparent" lifts unbound's built-in answer that nothing below .test exists.
write_prosody_config() {
  # shellcheck disable=SC2153 # read from the lab's environment
  cat >"$dir/prosody.cfg.lua" <<LUA
run_as_root = true
pidfile = "$dir/far/prosody.pid"
data_path = "$dir/far"
certificates = "$dir/tls"
interfaces = { "$FAR_C2S_HOST" }
local_interfaces = { "$FAR_C2S_HOST" }
c2s_ports = { $FAR_C2S_PORT }
s2s_ports = { $FAR_S2S_PORT }
component_ports = { $FAR_COMPONENT_PORT }
c2s_direct_tls_ports = {}
s2s_direct_tls_ports = {}
http_ports = {}
https_ports = {}
modules_enabled = {
  "blocklist", "carbons", "dialback", "disco", "pep", "ping", "posix", "roster", "saslauth",
  "tls", "vcard_legacy", "version",
}
authentication = "internal_hashed"
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
s2s_secure_auth = true
s2s_ssl = { cafile = "$dir/tls/ca.pem" }
unbound = {
  resolvconf = false,
  hoststxt = false,
  forward = "$DNS_HOST@$DNS_PORT",
  options = { ["local-zone:"] = "test. transparent", ["do-not-query-localhost:"] = "no" },
}
log = { info = "$dir/log/prosody.log" }
VirtualHost "far.test"
  ssl = { key = "$dir/tls/far.test.key", certificate = "$dir/tls/far.test.crt" }
Component "conference.far.test" "muc"
  ssl = { key = "$dir/tls/far.test.key", certificate = "$dir/tls/far.test.crt" }
Component "$FAR_DOMAIN"
  component_secret = "$SECRET"
  ssl = { key = "$dir/tls/far.test.key", certificate = "$dir/tls/far.test.crt" }
LUA
}

start_prosody() {
  launch prosody prosody --config "$dir/prosody.cfg.lua" -F
}

await_prosody() {
  await prosody connects "$FAR_C2S_HOST" "$FAR_C2S_PORT"
  await prosody connects "$FAR_S2S_HOST" "$FAR_S2S_PORT"
}

# --- accounts --------------------------------------------------------------------------------

make_accounts() {
  local user
  for user in alice bob; do
    curl -fsS -o /dev/null "$API_URL/register" \
      -d "{\"user\":\"$user\",\"host\":\"xmpp.test\",\"password\":\"pw-$user\"}"
  done
  [ "$1" = no ] ||
    prosodyctl --config "$dir/prosody.cfg.lua" register ann far.test pw-ann >>"$dir/log/prosody.out" 2>&1
}

main "$@"
