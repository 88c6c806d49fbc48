#!/usr/bin/env bash
# In a line that begins from left to right, fpdf2 draws a number or a bracket on the wrong side of the Arabic or Hebrew word that it belongs to.
#
# Expected: "Shop אבג (12) x" is seen as Shop, then (12), then the word, then x: rules W2 to N2 give the word, the brackets and the number levels above
#   that of the line, and L2 turns them over together. fpdf2 has the whole Unicode Bidirectional Algorithm, tested against Unicode's own cases, and its
#   documentation says that text of both directions is put in order by it.
# Seen: levels are found as they should be, and get_reordered_string(), which only tests call, has the right order. A page is drawn from pieces, though, of
#   which it is only known which way each is read: in a line from left to right they stay beside each other as they are in memory, and the word comes before
#   its number, between two brackets that open away from it. A name that stands by itself, so that the line begins from right to left, is right. In a
#   report with the names of stores in one line the number of a store stands at its neighbour. Isolates (U+2068) around the name change nothing.
# With: fpdf2 2.8.9, uharfbuzz 0.57.0, fontpkg-arimo 1.341 and pdfplumber 0.11.7, which reads where letters stand, Python 3.11.
# Source: https://py-pdf.github.io/fpdf2/TextShaping.html, https://www.unicode.org/reports/tr9/#L2
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check fpdf2==2.8.9 uharfbuzz==0.57.0 fontpkg-arimo==1.341 pdfplumber==0.11.7

cat > order.py <<'PY'
import io
from pathlib import Path

import fontpkg_arimo
import pdfplumber
from fpdf import FPDF
from fpdf.bidi import BidiParagraph

FONT = next((Path(fontpkg_arimo.__file__).parent / "files").glob("Arimo[[]*.ttf"))


def kept(text):
    return "".join(one for one in text if one.isalnum())


def seen(text):
    """The letters and digits of a line, by where they stand from left to right."""
    pdf = FPDF()
    pdf.add_page()
    pdf.add_font("Arimo", "", FONT)
    pdf.set_font("Arimo", size=20)
    pdf.set_text_shaping(True)
    pdf.cell(text=text)
    with pdfplumber.open(io.BytesIO(pdf.output())) as read:
        told = sorted(read.pages[0].chars, key=lambda one: one["x0"])
    return kept("".join(one["text"] for one in told))


within, alone = "Shop אבג (12) x", "אבג (12)"
for text in (within, alone, "Shop \u2068אבג (12)\u2069 x"):
    print(ascii(text), "is seen as", ascii(seen(text)), "and should be", ascii(kept(BidiParagraph(text).get_reordered_string())))
assert kept(BidiParagraph(within).get_reordered_string()) == "Shop12גבאx"
assert seen(within) == seen("Shop \u2068אבג (12)\u2069 x") == "Shopגבא12x"
assert seen(alone) == kept(BidiParagraph(alone).get_reordered_string()) == "12גבא"
PY
venv/bin/python order.py
