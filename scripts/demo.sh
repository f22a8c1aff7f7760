#!/usr/bin/env bash
# `make demo`: starts Veritrail on this machine with an invented company, its last 30 days and its live work. Ctrl-C stops both.
set -euo pipefail
cd "$(dirname "$0")/.."
bin="${CARGO_TARGET_DIR:-$HOME/.cache/veritrail/target}/demo"
dir="${VERITRAIL_DEMO_DIR:-$HOME/.cache/veritrail/demo}"
listen="${VERITRAIL_DEMO_LISTEN:-127.0.0.1:8470}"
vt() { "$bin/veritrail" --data "$dir/data" "$@"; }
member() { printf '%s' "$3" | vt member add "$1@northwind.example" --name "$2" --role "$4" --password-stdin "${@:5}" >/dev/null; }

rm -rf "$dir"
mkdir -p "$dir"
export VERITRAIL__SERVER__LISTEN="$listen" VERITRAIL__ORGANISATION__NAME="Northwind Outdoor (demo)" VERITRAIL__LOG__FILTER="${VERITRAIL_LOG:-warn}"
echo "Writing the last 30 days of an invented company ..."
"$bin/veritrail-simulate" write --dir "$dir/company" --days 30
vt init >/dev/null
vt source add salesforce --connector salesforce --title "Salesforce" >/dev/null
vt source add desk --connector generic --title "Service desk" --set mapping=desk >/dev/null
vt directory import "$dir/company/directory.csv"
vt import --source salesforce "$dir/company/salesforce"
vt import --source desk "$dir/company/desk"
salesforce_key=$(vt source key salesforce --label "live demo")
desk_key=$(vt source key desk --label "live demo")
member analyst "Ada Analyst" "demo analyst password" analyst
member auditor "Otto Auditor" "demo auditor password" auditor
member administrator "Mina Administrator" "demo administrator password" administrator
member lead "Lena Lead" "demo lead password" department_lead --department "Sales EMEA"
member employee "Emil Employee" "demo employee password" employee
