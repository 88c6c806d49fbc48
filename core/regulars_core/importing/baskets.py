"""Rows of a file as purchases: consecutive rows of one reference are one basket, and stand or fall together."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from regulars_core.customers.contact import parse_email, parse_phone
from regulars_core.errors import Problem, Refused
from regulars_core.importing.buyers import Buyer, read_buyer
from regulars_core.importing.columns import Header, Layout
from regulars_core.importing.options import ImportOptions
from regulars_core.importing.records import Row
from regulars_core.importing.values import Unreadable, scaled, store_code, times, truth
from regulars_core.money import CurrencyCode, exponent_of
from regulars_core.purchases.rules import MOST_LINES, CheckedPurchase, NewLine, NewPayment, NewPurchase, checked, line_total
from regulars_core.shop import Shop
from regulars_core.stores.service import MAIN
from regulars_core.text import tidy

_OF_BASKET = (
    "purchased_at", "customer_code", "email", "phone", "first_name", "last_name", "shipping", "tax",
    "prices_include_tax", "payment_method", "currency", "channel", "note",
)  # fmt: skip
_OF_LINE = ("quantity", "unit_price", "discount", "total", "name", "sku", "brand", "category")
PURCHASES = Layout(
    ("reference", "store", *_OF_BASKET, *_OF_LINE),
    required=("reference", "purchased_at"),
    one_of=(("unit_price", "total"), ("name", "sku")),
)
