"""Text as cells of a CSV file that spreadsheets open, and back: what one function writes the other reads."""

import re
from collections.abc import Iterable

_FORMULA = re.compile(r"'*[=+\-@\t\r]")
# A number calculates nothing, and must stay what it is; so must a telephone number, however it is written.
_NUMBER = re.compile(r"[+-](\d+\.?\d*|\.\d+)", re.ASCII)
_TELEPHONE = re.compile(r"(?=.*\d)[+-][\d .,()-]*", re.ASCII)
_ESCAPED = re.compile(r"'+[=+\-@\t\r]")


def escaped(cell: str, *, as_it_came: bool = False) -> str:
    """The cell, with an apostrophe before it where a spreadsheet would take it for a formula, and where it looks as if that had
    been done already. What may be a telephone number stays where it is to be left as it came."""
    if not _FORMULA.match(cell) or (_TELEPHONE if as_it_came else _NUMBER).fullmatch(cell):
        return cell
    return f"'{cell}"


def unescaped(cell: str) -> str:
    """What was escaped. An apostrophe before anything but the sign of a formula belongs to the text: `'s-Hertogenbosch`."""
    return cell[1:] if cell.startswith("'") and _ESCAPED.match(cell) else cell


def joined(texts: Iterable[str]) -> str:
    """Texts with bars between them, in one cell; a bar of their own has a backslash before it, and so has a backslash."""
    return "|".join(text.replace("\\", "\\\\").replace("|", "\\|") for text in texts)


def parted(cell: str, separator: str = "|") -> list[str]:
    """What was joined. A backslash before anything but the separator or a backslash stands for itself."""
    if "\\" not in cell:
        return cell.split(separator)
    parts, rest = [""], cell
    while rest:
        piece = next((sign for sign in (separator, f"\\{separator}", "\\\\") if rest.startswith(sign)), rest[0])
        rest = rest[len(piece) :]
        if piece == separator:
            parts.append("")
        else:
            parts[-1] += piece if len(piece) == 1 else piece[1:]
    return parts
