#!/usr/bin/env bash
# Installs what `make test` needs on Debian or Ubuntu with Rust and Node: PostgreSQL, an S3 server (moto), cargo-nextest,
# aics-tlog, which checks our ledger with none of our code, aics-witness, which cosigns it, openssl, which time-stamps it, SoftHSM, schemathesis, which holds the API to its document, an OpenID Connect provider, and a Creme CRM to audit.
set -euo pipefail
cache="$HOME/.cache/veritrail"
mkdir -p "$cache"
need=()
ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || need+=(postgresql)
command -v chromium >/dev/null || need+=(chromium)
command -v strace >/dev/null || need+=(strace)
command -v faketime >/dev/null || need+=(faketime)
command -v softhsm2-util >/dev/null || need+=(softhsm2)
command -v python3 >/dev/null || need+=(python3)
command -v openssl >/dev/null || need+=(openssl)
# A certificate authority for tests, Let's Encrypt's own.
command -v pebble >/dev/null || need+=(pebble)
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
if [ ! -x "$cache/tlog/bin/aics-tlog" ]; then
  # aics-tlog needs Python 3.12 or newer, which may lie beside the system's own.
  python=''
  for candidate in python3.14 python3.13 python3.12 python3 "$HOME"/.pyenv/versions/3.1[2-9]*/bin/python3; do
    command -v "$candidate" >/dev/null || continue
    "$candidate" -c 'import sys, ensurepip; sys.exit(sys.version_info < (3, 12))' 2>/dev/null && { python=$candidate; break; }
  done
  if [ -n "$python" ]; then
    "$python" -m venv "$cache/tlog"
    "$cache/tlog/bin/pip" install -q 'aics-tlog==0.2.1'
  else
    echo 'No Python 3.12 or newer with venv was found: install one (apt-get install python3.12-venv, or pyenv install 3.12), then run this again.' >&2
    exit 1
  fi
fi
# What scripts/trust/segment.py needs. Go and its sumdb packages, for scripts/trust/stranger.go, are 465 MB and left to `cargo xtask outsiders`.
"$cache/tlog/bin/python" -c 'import zstandard' 2>/dev/null || "$cache/tlog/bin/pip" install -q 'zstandard>=0.22'
[ -x "$cache/tlog/bin/aics-witness" ] || "$cache/tlog/bin/pip" install -q 'aics-witness==0.1.0'
"$cache/moto/bin/python" -c 'import aiosmtpd, standardwebhooks' 2>/dev/null || "$cache/moto/bin/pip" install -q 'aiosmtpd>=1.4' 'standardwebhooks>=1'
# Holds the API to its document (scripts/contract.sh).
if [ ! -x "$cache/schemathesis/bin/schemathesis" ]; then
  python3 -m venv "$cache/schemathesis"
  "$cache/schemathesis/bin/pip" install -q 'schemathesis==4.32.5'
fi
# An OpenID Connect provider to sign in at.
oidc="$(dirname "$0")/oidc"
if ! cmp -s "$oidc/package-lock.json" "$cache/oidc/package-lock.json" || [ ! -d "$cache/oidc/node_modules/oidc-provider" ]; then
  mkdir -p "$cache/oidc"
  cp "$oidc/package.json" "$oidc/package-lock.json" "$cache/oidc/"
  (cd "$cache/oidc" && npm ci --no-audit --no-fund --silent)
fi
"$(dirname "$0")/creme/creme.sh" install
