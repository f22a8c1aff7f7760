#!/usr/bin/env bash
# Asks every operation of docs/openapi.json what it may and may not be asked, signed in as one role (an analyst, or the first argument):
# no answer may be a 5xx, have a status or media type that the document does not name, or a body that is not as described.
# What would end the session by design is left out, and the live stream, which has no end. VERITRAIL_CONTRACT_EXAMPLES: examples for each operation.
set -euo pipefail
cd "$(dirname "$0")/.."
[ -n "${VERITRAIL_URL:-}" ] || exec ./scripts/with-demo.sh "$0" "$@"
role="${1:-analyst}"
body=$(python3 -c 'import json, os, sys; print(json.dumps(json.loads(os.environ["VERITRAIL_SIGNINS"])[sys.argv[1]]))' "$role")
# The session as it is sent back, also where the cookie is `__Host-`.
cookie=$(curl -fsS -D - -o /dev/null -H 'Content-Type: application/json' -H 'X-Veritrail: 1' --data "$body" "$VERITRAIL_URL/api/v1/session" |
  sed -n 's/^set-cookie: \([^;]*\).*/\1/Ip' | head -1)
without=()
for operation in session.delete own.sign_out own.sign_out.one own.factors own.factors.remove own.factors.confirm own.factors.password events.live; do
  without+=(--exclude-operation-id "$operation")
done
cd "$(mktemp -d)" # It keeps its reports where it runs.
schemathesis="$HOME/.cache/veritrail/schemathesis/bin/schemathesis"
"$schemathesis" run "$OLDPWD/docs/openapi.json" --url "$VERITRAIL_URL/api/v1" -H "Cookie: $cookie" -H 'X-Veritrail: 1' \
  --max-examples "${VERITRAIL_CONTRACT_EXAMPLES:-50}" --phases examples,coverage,fuzzing --continue-on-failure --request-timeout 20 --seed 1 --no-color \
  --checks not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance "${without[@]}"
