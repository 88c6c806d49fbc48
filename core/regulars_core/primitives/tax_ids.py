"""Whether a tax id can be one of a country, by its form and its check digits: python-stdnum knows how these are made."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from stdnum import get_cc_module
from stdnum.exceptions import ValidationError

_VAT = "vat"
"""What python-stdnum calls the number under which a business is registered for taxes, whatever it is called there."""
_BESIDE: Mapping[str, Sequence[str]] = {
    "AR": ("dni",), "AT": ("tin",), "AU": ("tfn",), "BE": ("nn", "bis"), "BG": ("egn", "pnf"), "BR": ("cpf",), "CA": ("sin",),
    "CN": ("ric",), "CR": ("cpf", "cr"), "CZ": ("rc",), "DE": ("idnr", "stnr"), "DK": ("cpr",), "DO": ("cedula",), "EC": ("ci",),
    "EE": ("ik", "registrikood"), "ES": ("cif",), "FI": ("hetu", "ytunnus"), "FR": ("nif", "siren", "siret"), "GB": ("utr",),
    "IE": ("pps",), "IL": ("idnr",), "IN": ("pan",), "IS": ("kennitala",), "IT": ("codicefiscale",), "JP": ("in_",),
    "KR": ("rrn",), "LI": ("peid",), "LT": ("asmens",), "NL": ("bsn",), "NO": ("orgnr", "fodselsnummer"), "PE": ("cui",),
    "PL": ("pesel",), "RO": ("cnp", "cui"), "SE": ("orgnr", "personnummer"), "SK": ("rc",), "TH": ("tin", "pin"),
    "TR": ("tckimlik",), "UA": ("rntrc", "edrpou"), "US": ("tin",), "ZA": ("tin", "idnr"),
}  # fmt: skip
"""What else is given as a tax id, mostly that of people."""


def is_tax_id(tax_id: str, country: str) -> bool:
    """Whether this may be a tax id of the country: one of those that its people and businesses have. Also where nobody knows how
    they are made there."""
    kinds = _kinds(country)
    return not kinds or any(_holds(kind, tax_id, country) for kind in kinds)


@cache
def _kinds(country: str) -> Sequence[Any]:
    named = (get_cc_module(country, name) for name in (_VAT, *_BESIDE.get(country, ())))
    return [kind for kind in named if kind is not None]


def _holds(kind: Any, tax_id: str, country: str) -> bool:
    try:
        number = kind.validate(tax_id)
    except ValidationError:
        return False
    except Exception:  # its tables do not know everything, such as each county of China: that must refuse nobody
        return True
    # A row of zeros has the right check digits in many countries. A CPF of any one digit repeated has them, and is nobody's.
    return set(number) != {"0"} and (country != "BR" or len(set(number)) > 1)
