#!/usr/bin/env bash
# fpdf2 warns of a letter that its font does not have, and says nothing of it once text shaping is on.
#
# Expected: the warning is the same. Shaping joins letters and puts them in order; whether the font has them is known before that, and whoever prints
#   names in Thai or Arabic, which need shaping, is also who meets letters that a font lacks.
# Seen: the log is empty, and the letter is an empty box on the page. A report with a Chinese name in a Thai font is handed out as if it were right. Whoever
#   wants to know compares each letter with the font's `cmap`.
# With: fpdf2 2.8.9, uharfbuzz 0.57.0 and fontpkg-noto-sans-thai 2.2, Python 3.11.
# Source: https://py-pdf.github.io/fpdf2/TextShaping.html, https://py-pdf.github.io/fpdf2/Unicode.html
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check fpdf2==2.8.9 uharfbuzz==0.57.0 fontpkg-noto-sans-thai==2.2

cat > letters.py <<'PY'
import io
import logging
from pathlib import Path

import fontpkg_noto_sans_thai
from fpdf import FPDF

FONT = next((Path(fontpkg_noto_sans_thai.__file__).parent / "files").glob("*.ttf"))
heard = io.StringIO()
logging.basicConfig(stream=heard, level=logging.WARNING)


def warnings(shaping):
    heard.truncate(0)
    heard.seek(0)
    pdf = FPDF()
    pdf.add_page()
    pdf.add_font("Thai", "", FONT)
    pdf.set_font("Thai", size=12)
    pdf.set_text_shaping(shaping)
    pdf.cell(text="สมชาย 王")
    pdf.output()
    return heard.getvalue()


plain, shaped = warnings(False), warnings(True)
print(f"without shaping: {plain.strip()!r}\nwith shaping: {shaped.strip()!r}")
assert "missing" in plain and "738b" in plain.lower()
assert "missing" not in shaped
PY
venv/bin/python letters.py
