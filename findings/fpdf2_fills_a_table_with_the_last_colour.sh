#!/usr/bin/env bash
# A table by fpdf2 fills its cells with the colour that was last set for something else, though it is asked to fill none.
#
# Expected: cells have no background unless it is asked for. The parameter `cell_fill_mode` is NONE by default, which the reference explains as "Fill zero
#   table cell"; a rectangle that was filled before the table has nothing to do with it.
# Seen: after `set_fill_color`, as a bar of a chart needs it, every cell of the table behind it has that colour, and black letters on dark blue cannot be
#   read. Without a colour set before, no cell is filled: so it looks right until a chart stands above the table. White has to be set first.
# With: fpdf2 2.8.9, Python 3.11.
# Source: https://py-pdf.github.io/fpdf2/Tables.html, https://py-pdf.github.io/fpdf2/fpdf/enums.html#fpdf.enums.TableCellFillMode
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check fpdf2==2.8.9

cat > table.py <<'PY'
import re

from fpdf import FPDF


def how_cells_are_painted(*colour, mode="NONE"):
    """The operators behind the cells' rectangles: f and B fill, S draws a line around."""
    pdf = FPDF()
    pdf.compress = False
    pdf.add_page()
    pdf.set_font("helvetica", size=10)
    if colour:
        pdf.set_fill_color(*colour)
        pdf.rect(10, 10, 50, 5, style="F")  # a bar of a chart
    with pdf.table(cell_fill_mode=mode) as table:
        for cells in (("Name", "Spent"), ("Ana", "5.00")):
            row = table.row()
            for cell in cells:
                row.cell(cell)
    painted = re.findall(rb" re (\w)", bytes(pdf.output()))
    return b"".join(painted[1:] if colour else painted).decode()


never, before = how_cells_are_painted(), how_cells_are_painted(27, 110, 140)
print(f"no colour was set: {never!r}\none was set for a bar: {before!r}")
assert "f" not in never and "B" not in never
assert before == "BBBB"
PY
venv/bin/python table.py
