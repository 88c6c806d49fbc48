"""Cells as people read them in a document, and as programs read them in a file."""

from datetime import date
from decimal import Decimal
from typing import Any

from regulars_analytics.reports.tables import Cell, Figure, Kind
from regulars_core.plugin import CurrencyCode, Money


def amount(minor: int, currency: CurrencyCode) -> str:
    """Minor units for people, without the currency."""
    return f"{Decimal(Money(minor, currency).amount):,}"


def written(cell: Cell, kind: Kind, currency: CurrencyCode) -> str:
    """For people: with commas between thousands, parts in percent, and a dash where there is nothing, or that it
    is not known where words are. A figure by itself says its currency; above a column stands that of all."""
    if isinstance(cell, Figure):
        text = written(cell.value, cell.kind, currency)
        return f"{text} {currency}" if cell.kind is Kind.MONEY and cell.value is not None else text
    if cell is None:
        return "not known" if kind is Kind.TEXT else "–"
    if kind is Kind.MONEY and isinstance(cell, int):
        return amount(cell, currency)
    if kind is Kind.SHARE and isinstance(cell, Decimal):
        return f"{cell * 100:.1f} %"
    if isinstance(cell, date):
        return cell.isoformat()
    return f"{cell:,}" if isinstance(cell, int) else f"{cell:,f}" if isinstance(cell, Decimal) else cell


def plain(cell: Cell, kind: Kind, currency: CurrencyCode) -> Any:
    """For programs: decimals with a point, nothing where there is nothing."""
    if isinstance(cell, Figure):
        return plain(cell.value, cell.kind, currency)
    if cell is None:
        return ""
    if kind is Kind.MONEY and isinstance(cell, int):
        return Decimal(Money(cell, currency).amount)
    if isinstance(cell, date):
        return cell.isoformat()
    return format(cell, "f") if isinstance(cell, Decimal) else cell


def in_words(code: str) -> str:
    """What programs call NON_BINARY, for people."""
    return code.replace("_", "-").capitalize()
