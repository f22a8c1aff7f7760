#!/usr/bin/env bash
# Walks through the pages in a real browser against the real binary with a demo company of its own.
set -euo pipefail
cd "$(dirname "$0")/.."
[ -n "${VERITRAIL_URL:-}" ] || exec ./scripts/with-demo.sh "$0"
export VERITRAIL_PUSH='{"id":"journey-STAMP","time":"NOW","action":"export","actor":"journey","object_type":"contact","object_id":"c1","object_label":"Journey STAMP","rows":12}'
cd web
node test/journeys/ready.mjs
npm run --silent journeys
