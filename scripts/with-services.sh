#!/usr/bin/env bash
# Starts a throw-away PostgreSQL and an S3 server on loopback, runs the command given, and stops both.
set -euo pipefail
cache="$HOME/.cache/veritrail"
dir=$(mktemp -d)
free_port() { python3 -c 'import socket; s=socket.socket(); s.bind(("127.0.0.1",0)); print(s.getsockname()[1])'; }
pg_bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
pg_port=$(free_port); s3_port=$(free_port)

as_pg() { if [ "$(id -u)" = 0 ]; then su postgres -s /bin/bash -c "$1"; else bash -c "$1"; fi; }
stop() {
  as_pg "$pg_bin/pg_ctl -D $dir/pg -m immediate stop" >/dev/null 2>&1 || true
  [ -z "${moto_pid:-}" ] || kill "$moto_pid" 2>/dev/null || true
  rm -rf "$dir"
}
trap stop EXIT

mkdir "$dir/pg"; chmod 755 "$dir"; [ "$(id -u)" != 0 ] || chown postgres "$dir/pg"
as_pg "$pg_bin/initdb -D $dir/pg -U veritrail -A trust >/dev/null && $pg_bin/pg_ctl -D $dir/pg -w -o '-p $pg_port -c listen_addresses=127.0.0.1 -c unix_socket_directories=$dir/pg' -l $dir/pg/log start >/dev/null"
"$cache/moto/bin/moto_server" -H 127.0.0.1 -p "$s3_port" >"$dir/moto.log" 2>&1 & moto_pid=$!
for _ in $(seq 60); do python3 -c "import socket; socket.create_connection(('127.0.0.1',$s3_port),1)" 2>/dev/null && break; sleep 0.5; done

export VERITRAIL_TEST_POSTGRES="postgres://veritrail@127.0.0.1:$pg_port/postgres"
export VERITRAIL_TEST_S3="http://127.0.0.1:$s3_port"
"$@"
