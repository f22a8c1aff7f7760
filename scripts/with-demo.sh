#!/usr/bin/env bash
# Runs a command beside the built binary with a demo company of its own: with-demo.sh COMMAND [ARGUMENTS]. Tells it the address and the sign-ins.
set -euo pipefail
cd "$(dirname "$0")/.."
target="${CARGO_TARGET_DIR:-$HOME/.cache/veritrail/target}"
dir=$(mktemp -d)
port=$(python3 -c 'import socket; s=socket.socket(); s.bind(("127.0.0.1",0)); print(s.getsockname()[1])')
export VERITRAIL_DEMO_BIN="${VERITRAIL_DEMO_BIN:-$target/debug}" VERITRAIL_DEMO_DIR="$dir/demo" VERITRAIL_DEMO_LISTEN="127.0.0.1:$port" VERITRAIL_DEMO_DAYS="${VERITRAIL_DEMO_DAYS:-14}" VERITRAIL_DEMO_ATTACK_AFTER=5
./scripts/demo.sh >"$dir/demo.log" 2>&1 &
demo=$!
stop() { kill "$demo" 2>/dev/null || true; wait "$demo" 2>/dev/null || true; rm -rf "$dir"; }
trap stop EXIT
for _ in $(seq 1200); do
  curl -fs -o /dev/null "http://127.0.0.1:$port/health" && break
  kill -0 "$demo" 2>/dev/null || { cat "$dir/demo.log" >&2; exit 1; }
  sleep 0.25
done
export VERITRAIL_URL="http://127.0.0.1:$port" VERITRAIL_BIN="$VERITRAIL_DEMO_BIN/veritrail" VERITRAIL_SIGNINS
VERITRAIL_SIGNINS=$(cat "$dir/demo/signins.json")
"$@"
