#!/usr/bin/env bash
# Starts a PostgreSQL on loopback over the directory given (made where there is none), prints its port, and stops it when standard input ends.
set -euo pipefail
dir=$1
port=$(python3 -c 'import socket; s=socket.socket(); s.bind(("127.0.0.1",0)); print(s.getsockname()[1])')
pg_bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
as_pg() { if [ "$(id -u)" = 0 ]; then su postgres -s /bin/bash -c "$1"; else bash -c "$1"; fi; }
stop() { as_pg "$pg_bin/pg_ctl -D $dir/pg -m fast -w -t 600 stop" >/dev/null 2>&1 || true; }
trap stop EXIT

mkdir -p "$dir/pg"
if [ "$(id -u)" = 0 ]; then chmod 755 "$dir"; chown postgres "$dir/pg"; fi
[ -f "$dir/pg/PG_VERSION" ] || as_pg "$pg_bin/initdb -D $dir/pg -U bench -A trust >/dev/null"
# Memory as a machine of its own would give it; nothing here needs to survive a power cut.
settings="-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories=$dir/pg -c shared_buffers=2GB -c effective_cache_size=12GB \
  -c maintenance_work_mem=2GB -c work_mem=256MB -c max_wal_size=8GB -c fsync=${BENCH_PG_FSYNC:-off} -c random_page_cost=1.1 -c max_parallel_workers_per_gather=2"
as_pg "$pg_bin/pg_ctl -D $dir/pg -w -t 600 -o '$settings' -l $dir/pg/log start" >/dev/null
echo "$port"
cat >/dev/null
