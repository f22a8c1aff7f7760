#!/usr/bin/env bash
# A Creme CRM of a test's own, from its package and nothing else.
#   creme.sh install                     once: the venv, built media, and a filled database of each kind to copy from
#   creme.sh start DIR sqlite|URL PORT   URL of an empty PostgreSQL database; answers when pages are served
#   creme.sh rotate DIR rename|copy      rotates the access log as logrotate does
#   creme.sh stop DIR
# Everything of an instance lies below DIR; it is kept after a stop for whoever asks what happened, and is the caller's to remove.
set -euo pipefail
version=2.8.6
here=$(cd "$(dirname "$0")" && pwd)
cache="$HOME/.cache/veritrail"
venv="$cache/creme-venv"
# Raised when what is built must be built anew; the settings speak for themselves.
recipe=1
built="$cache/creme-$version-$recipe-$(sha256sum "$here/creme_settings.py" | cut -c1-12)"
pg_bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)

export DJANGO_SETTINGS_MODULE=creme_settings CREME_BUILT="$built" PYTHONPATH="$here:$built" PYTHONWARNINGS=ignore PYTHONDONTWRITEBYTECODE=1
django() { "$venv/bin/creme" "$@" --settings=creme_settings; }
as_pg() { if [ "$(id -u)" = 0 ]; then su postgres -s /bin/bash -c "$1"; else bash -c "$1"; fi; }
free_port() { python3 -c 'import socket; s=socket.socket(); s.bind(("127.0.0.1",0)); print(s.getsockname()[1])'; }

# A database with Creme's tables and the data it ships with. Takes a minute, hence the copies.
fill() {
  export CREME_INSTANCE="$1" CREME_DATABASE="$2"
  mkdir -p "$1/log" "$1/broker"
  django migrate >"$1/log/fill.log" 2>&1 && django creme_populate >>"$1/log/fill.log" 2>&1 || { tail -n 30 "$1/log/fill.log" >&2; return 1; }
}

install() {
  if [ ! -x "$venv/bin/gunicorn" ] || ! "$venv/bin/python" -c "from importlib.metadata import version as v; assert v('creme-crm') == '$version'" 2>/dev/null; then
    rm -rf "$venv"
    python3 -m venv "$venv"
    "$venv/bin/pip" install -q "creme-crm[pgsql]==$version" 'gunicorn==27.0.1'
  fi
  if [ -f "$built/complete" ]; then return; fi
  echo "Filling Creme's databases to copy from, once"
  local server port
  # Not local: the trap runs when this function has ended.
  work=$(mktemp -d)
  trap 'as_pg "$pg_bin/pg_ctl -D $work/pg -m immediate stop" >/dev/null 2>&1 || true; rm -rf "$work"' EXIT
  rm -rf "$cache"/creme-"$version"-*
  mkdir -p "$built/static" "$work/pg"
  chmod 755 "$work"; [ "$(id -u)" != 0 ] || chown postgres "$work/pg"
  port=$(free_port)
  # fsync off: a crash here costs a minute, no data.
  as_pg "$pg_bin/initdb -D $work/pg -U veritrail -A trust >/dev/null && $pg_bin/pg_ctl -D $work/pg -w -o '-p $port -c fsync=off -c listen_addresses=127.0.0.1 -c unix_socket_directories=$work/pg' -l $work/pg/log start >/dev/null"
  server="postgres://veritrail@127.0.0.1:$port"
  "$pg_bin/createdb" --maintenance-db="$server/postgres" creme
  fill "$work/a" "$server/creme" & local filling=$!
  fill "$work/b" "sqlite://$work/template.sqlite3"
  wait "$filling"
  CREME_INSTANCE="$work/b" CREME_DATABASE="sqlite://$work/template.sqlite3" django generatemedia >"$work/media.log" 2>&1 || { tail "$work/media.log" >&2; exit 1; }
  "$pg_bin/pg_dump" --no-owner -Fc -Z1 -f "$built/template.dump" "$server/creme"
  mv "$work/template.sqlite3" "$built/template.sqlite3"
  touch "$built/complete"
}

start() {
  local dir=$1 database=$2 port=$3
  if [ ! -f "$built/complete" ]; then echo "Creme is not installed: run scripts/creme/creme.sh install" >&2; exit 1; fi
  mkdir -p "$dir/log" "$dir/broker" "$dir/upload"
  if [ "$database" = sqlite ]; then
    database="sqlite://$dir/creme.sqlite3"
    cp "$built/template.sqlite3" "$dir/creme.sqlite3"
  else
    "$pg_bin/pg_restore" --no-owner --exit-on-error -d "$database" "$built/template.dump"
  fi
  export CREME_INSTANCE="$dir" CREME_DATABASE="$database"
  # Its children share a session of their own, so that a stop reaches all of them. gunicorn writes combined format of itself, a line at a time.
  setsid "$venv/bin/gunicorn" --workers 2 --bind "127.0.0.1:$port" --no-control-socket --pid "$dir/gunicorn.pid" --access-logfile "$dir/log/access.log" \
    --error-logfile "$dir/log/gunicorn.log" 'django.core.wsgi:get_wsgi_application()' >"$dir/log/stdout" 2>&1 </dev/null &
  setsid "$venv/bin/creme" creme_job_manager --settings=creme_settings >"$dir/log/jobs" 2>&1 </dev/null & echo $! >"$dir/jobs.pid"
  for _ in $(seq 150); do
    if python3 - "$port" <<'PY'
import sys, urllib.request
try:
    urllib.request.urlopen(f"http://127.0.0.1:{sys.argv[1]}/creme_login", timeout=5).read()
except OSError:
    sys.exit(1)
PY
    then return; fi
    sleep 0.2
  done
  echo "Creme did not start:" >&2; tail -n 20 "$dir"/log/gunicorn.log "$dir/log/stdout" >&2
  stop "$dir"; exit 1
}

rotate() {
  local log="$1/log/access.log"
  case $2 in
    rename) mv "$log" "$log.$(date +%s%N)"; kill -USR1 "$(cat "$1/gunicorn.pid")" ;;
    copy) cp "$log" "$log.$(date +%s%N)"; : >"$log" ;;
    *) echo "rotate DIR rename|copy" >&2; exit 2 ;;
  esac
}

stop() {
  local dir=$1 name pid
  # gunicorn: INT ends its requests at once. Both are asked before either is waited for.
  for name in gunicorn jobs; do
    [ ! -f "$dir/$name.pid" ] || kill "$([ $name = gunicorn ] && echo -INT || echo -TERM)" -- "-$(cat "$dir/$name.pid")" 2>/dev/null || true
  done
  for name in gunicorn jobs; do
    [ -f "$dir/$name.pid" ] || continue
    pid=$(cat "$dir/$name.pid")
    for _ in $(seq 100); do kill -0 -- "-$pid" 2>/dev/null || break; sleep 0.1; done
    kill -KILL -- "-$pid" 2>/dev/null || true
    rm -f "$dir/$name.pid"
  done
}

case "${1:-}" in
  install) install ;;
  start) start "$(realpath -m "$2")" "$3" "$4" ;;
  rotate) rotate "$2" "$3" ;;
  stop) stop "$2" ;;
  *) sed -n '2,7p' "$0" >&2; exit 2 ;;
esac
