#!/usr/bin/env bash
# `make demo`: starts Veritrail on this machine with an invented company, its last 30 days and its live work. Ctrl-C stops both.
set -euo pipefail
cd "$(dirname "$0")/.."
bin="${VERITRAIL_DEMO_BIN:-${CARGO_TARGET_DIR:-$HOME/.cache/veritrail/target}/demo}"
dir="${VERITRAIL_DEMO_DIR:-$HOME/.cache/veritrail/demo}"
listen="${VERITRAIL_DEMO_LISTEN:-127.0.0.1:8470}"
days="${VERITRAIL_DEMO_DAYS:-30}"
signins=()
vt() { "$bin/veritrail" --data "$dir/data" "$@"; }
member() {
  printf '%s' "$4" | vt member add "$1@company.example" --name "$2" --role "$3" --password-stdin "${@:5}" >/dev/null
  printf '  %-16s %-36s %s\n' "$3" "$1@company.example" "$4"
  signins+=("\"$3\":{\"email\":\"$1@company.example\",\"password\":\"$4\"}")
}

rm -rf "$dir"
mkdir -p "$dir"
export VERITRAIL__SERVER__LISTEN="$listen" VERITRAIL__ORGANISATION__NAME="Company (demo)" VERITRAIL__LOG__FILTER="${VERITRAIL_LOG:-warn}"
echo "Writing the last $days days of an invented company"
"$bin/veritrail-simulate" write --dir "$dir/company" --days "$days"
vt init >/dev/null
vt source add salesforce --connector salesforce --title "Salesforce" >/dev/null
vt source add desk --connector generic --title "Service desk" --set mapping=desk >/dev/null
vt directory import "$dir/company/directory.csv"
echo "Importing it"
vt import --source salesforce "$dir/company/salesforce"
vt import --source desk "$dir/company/desk"
VERITRAIL_SALESFORCE_KEY=$(vt source key salesforce --label "live demo")
VERITRAIL_DESK_KEY=$(vt source key desk --label "live demo")
export VERITRAIL_SALESFORCE_KEY VERITRAIL_DESK_KEY

department=$(python3 -c 'import csv,sys; print(next(csv.DictReader(open(sys.argv[1])))["department"])' "$dir/company/directory.csv")
employee=$(python3 -c 'import csv,sys; print(list(csv.DictReader(open(sys.argv[1])))[7]["email"].split("@")[0])' "$dir/company/directory.csv")
echo
echo "Sign in at http://$listen with one of"
member analyst "Ada Analyst" analyst "watch the trail tonight"
member auditor "Otto Auditor" auditor "prove the trail tonight"
member administrator "Mina Administrator" administrator "connect the trail tonight"
member lead "Lena Lead" department_lead "lead the trail tonight" --department "$department"
member privacy "Petra Privacy" privacy_officer "forget the name tonight"
member "$employee" "Emil Employee" employee "follow the trail tonight"
(IFS=,; printf "{%s}" "${signins[*]}") >"$dir/signins.json"
cat <<TOUR

Five things to try
  1. Overview, then Activity: what people do arrives live. Press / and search for a word.
  2. Open an event and its proof: it stands under a signed checkpoint.
  3. Alerts: the brute force that begins in a minute; read why it is unusual, judge it.
  4. Sign in as the department lead: another department's events are nowhere.
  5. Sign in as the auditor: the own trail shows what all of you did.

Ctrl-C stops it.
TOUR
"$bin/veritrail" --data "$dir/data" serve --demo &
server=$!
trap 'kill ${live:-} "$server" 2>/dev/null || true; wait 2>/dev/null || true' EXIT
for _ in $(seq 100); do (exec 3<>"/dev/tcp/${listen%:*}/${listen##*:}") 2>/dev/null && break; sleep 0.1; done
python3 scripts/demo-data.py "http://$listen" "$dir/signins.json" || echo "The kept searches and the service account of the demo were not made."
# Waited for instead of run in front: bash would hear a signal only after it ended.
"$bin/veritrail-simulate" live --url "http://$listen" --rate 0.7 --attack brute_force --attack-after-secs "${VERITRAIL_DEMO_ATTACK_AFTER:-60}" &
live=$!
wait "$live"
