#!/usr/bin/env bash
# Installs what `make test` needs on Debian or Ubuntu with Rust and Node: PostgreSQL, an S3 server (moto), cargo-nextest.
set -euo pipefail
cache="$HOME/.cache/veritrail"
mkdir -p "$cache"
need=()
ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || need+=(postgresql)
command -v python3 >/dev/null || need+=(python3)
python3 -c 'import ensurepip' 2>/dev/null || need+=(python3-venv)
if [ "${#need[@]}" -gt 0 ]; then
  sudo=(); [ "$(id -u)" = 0 ] || sudo=(sudo)
  "${sudo[@]}" apt-get update -qq
  DEBIAN_FRONTEND=noninteractive "${sudo[@]}" apt-get install -y -qq --no-install-recommends "${need[@]}" >/dev/null
fi
command -v cargo-nextest >/dev/null || cargo install --locked cargo-nextest
if [ ! -x "$cache/moto/bin/moto_server" ]; then
  python3 -m venv "$cache/moto"
  "$cache/moto/bin/pip" install -q 'moto[s3,server]>=5'
fi
