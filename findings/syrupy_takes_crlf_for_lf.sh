#!/usr/bin/env bash
# A snapshot of Syrupy does not tell "\r\n" from "\n".
#
# Expected: a test that compares a file's text with its snapshot fails when the line ends change: those of CSV are CRLF (RFC 4180), and
#   tills and spreadsheets that read it by lines differ.
# Seen: recorded with CRLF, it passes with LF. A blank at a line's end is noticed.
# With: syrupy 7.0.2, pytest 9.2.0, Python 3.11.
# Source: https://github.com/syrupy-project/syrupy
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check syrupy==7.0.2 pytest==9.2.0

cat > test_receipt.py <<'PY'
import os


def test_the_file(snapshot):
    assert snapshot == os.environ["LINE_END"].join(["code,name", "1,Ana", ""])
PY

run() { LINE_END=$1 venv/bin/python -m pytest -q -p no:cacheprovider "${@:2}" > out 2>&1; }
run $'\r\n' --snapshot-update
for end in $'\r\n' $'\n' $' \n'; do
    if run "$end"; then echo "recorded with CRLF, ends now $(printf %q "$end"): passes"; passed+=(yes)
    else echo "recorded with CRLF, ends now $(printf %q "$end"): fails"; passed+=(no); fi
done
[[ ${passed[*]} == "yes yes no" ]]
