#!/bin/bash
# Peers to measure against, from Debian's ejabberd and prosody packages, and OneSoup.
# Usage: RUN_DIR=DIR server.sh ejabberd|prosody|onesoup|hyper CPUS [USERS]
# Runs a fresh server with u0 to uN-1 in the foreground on the given CPUs.
# With "users" for CPUS, ejabberd and OneSoup make their users and end; to be done first.
set -eu
cd "$(dirname "$(readlink -f "$0")")"
kind=$1 cpus=$2 users=${3:-10000} run=${RUN_DIR:?a scratch directory on a disk}
release=../../target/release
ulimit -n 20000
mkdir -p "$run"

case $kind in
ejabberd)
  # Users are made once, then each run starts from a copy of the database.
  home=$run/ejabberd spool=$run/ejabberd.users.$users
  export HOME=$run EJABBERD_CONFIG_PATH=$PWD/ejabberd.yml EJABBERD_LOG_PATH=$run/ejabberd.log
  export ERL_LIBS=/usr/lib/x86_64-linux-gnu ERL_MAX_PORTS=32000 ERL_MAX_ETS_TABLES=1400
  export ERL_CRASH_DUMP_BYTES=0 CONTRIB_MODULES_CONF_DIR=$run/none
  start() {
    exec taskset -c "$cpus" erl -sname bosh@localhost -start_epmd false -erl_epmd_port 16025 \
      -kernel inet_dist_use_interface '{127,0,0,1}' +K true +P 250000 ${ERL_FLAGS_EXTRA-+sbwt none +sbwtdcpu none +sbwtdio none} \
      -mnesia dir "\"$1\"" -ejabberd log_rotate_count 0 -noinput "${@:2}" -s ejabberd
  }
  if [ "$cpus" = users ]; then
    cpus=0,1
    [ -d "$spool" ] || start "$spool" -eval "spawn(fun() ->
       timer:sleep(3000),
       [ok = ejabberd_auth:try_register(<<\"u\", (integer_to_binary(I))/binary>>, <<\"localhost\">>, <<\"secret\">>)
        || I <- lists:seq(0, $users - 1)],
       mnesia:dump_log(), ejabberd:stop(), init:stop() end)"
    exit
  fi
  rm -rf "$home"
  cp -r "$spool" "$home"
  start "$home"
  ;;
prosody)
  rm -rf "$run/prosody"
  accounts=$run/prosody/localhost/accounts
  mkdir -p "$accounts"
  for ((i = 0; i < users; i++)); do
    echo 'return { ["password"] = "secret"; };' > "$accounts/u$i.dat"
  done
  sed "s#RUN_DIR#$run#g; s/GC_MODE/\"${GC_MODE:-generational}\"/" prosody.cfg.lua > "$run/prosody.cfg.lua"
  exec taskset -c "$cpus" prosody -F --config "$run/prosody.cfg.lua"
  ;;
onesoup)
  home=$run/onesoup kept=$run/onesoup.users.$users
  config=$run/onesoup.toml
  sed "s#RUN_DIR#$run#g" onesoup.toml > "$config"
  rm -rf "$home"
  if [ "$cpus" = users ]; then
    [ -d "$kept" ] && exit
    $release/accounts "$config" "$users" secret
    mv "$home" "$kept"
    exit
  fi
  cp -r "$kept" "$home"
  exec taskset -c "$cpus" $release/onesoup --config "$config" run
  ;;
hyper)
  exec taskset -c "$cpus" $release/echo 127.0.0.1:16580
  ;;
esac
