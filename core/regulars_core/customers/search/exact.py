"""Customers by what only they should have, typed whole or scanned: a code, an e-mail address, a phone number, an attribute."""

import re
from collections.abc import Mapping, Sequence

from regulars_core.customers.attributes.definitions import TABLE
from regulars_core.customers.attributes.rules import MAX_VALUE, keys_meant
from regulars_core.customers.models import CUSTOMER_CODES
from regulars_core.customers.search.typed import Typed
from regulars_core.database import Engine
from regulars_core.primitives.text import tidy

VALUES = {"code": 2, "email": 1, "phone": 2, "attribute": 2}
"""By how many values each is looked for: a code as it is typed, and without what people leave out; a phone number as it is read
here and abroad; an attribute as a text and as a number."""
_PLACES = {"email": 2, "phone": 2, "attribute": 3}
_MAX_CODE, _MAX_SHARING = 40, 1_000
_LEFT_OUT = "- ./_"
"""What stands between the parts of a code, and is said by nobody who reads it out."""
_BETWEEN, _MARK = f"[{re.escape(_LEFT_OUT)}]", "[-./_]"
_LIKE_OURS = re.compile(
    rf"{CUSTOMER_CODES.prefix}("
    rf"{_BETWEEN}*"
    rf"|{_BETWEEN}+(?=[0-9]*[A-Z])[A-Z0-9]{{1,16}}{_BETWEEN}+"  # digits behind digits are a code and a number
    rf"|{_MARK}+[A-Z0-9]{{1,16}}{_MARK}+"
    rf"|{_BETWEEN}+[A-Z0-9]{{1,15}}"
    rf")[0-9]{{1,15}}{_BETWEEN}*"
)
"""What our codes look like, whole or as far as it is typed, with or without a store's: `CUST-00042`, `cust s07`."""


def code_key(code: str) -> str:
    """A code without what stands between its parts."""
    return code.translate(dict.fromkeys(map(ord, _LEFT_OUT)))


def code_begun(typed: Typed) -> str | None:
    """The word that all codes of ours begin with that were meant, as texts have them; None if it does not look like one."""
    code = tidy(typed.text).upper()
    return code_key(code).lower() if _LIKE_OURS.fullmatch(code) else None


def _code_key(column: str) -> str:
    """The same in SQL, as the index has it."""
    for character in _LEFT_OUT:
        column = f"replace({column}, '{character}', '')"
    return column


def values_of(typed: Typed, *, by_contact: bool, by_attribute: bool) -> Mapping[str, Sequence[str]]:
    """What may be meant by what was typed, and the values to look for."""
    found: dict[str, Sequence[str]] = {}
    code = tidy(typed.text).upper()
    if len(code) <= _MAX_CODE and code_key(code):
        found["code"] = [code, code_key(code)]
    if by_contact and typed.email:
        found["email"] = [typed.email]
    if by_contact and typed.phones:
        found["phone"] = [typed.phones[0], typed.phones[-1]]
    if by_attribute and len(tidy(typed.text)) <= MAX_VALUE:
        keys = keys_meant(typed.text)
        found["attribute"] = [keys[0], keys[-1]]
    return found


def matching(whole: Mapping[str, Sequence[str]], engine: Engine) -> str:
    """The SELECT of the ids of those who have one of these, and at which `place` what they have comes: the code first. Given the
    SQL that stands for each value."""
    leads_to = "SELECT coalesce(a.merged_into_id, a.id) AS id"
    selects = []
    for kind, given in whole.items():
        # Of values that its planner sees PostgreSQL thinks that they deserve a plan each time.
        values = [f"(SELECT {value}::text)" if engine == "postgres" else value for value in given]
        if kind == "code":
            place = f"CASE WHEN a.code = {given[0]} THEN 0 ELSE 1 END AS place"
            selects.append(f"{leads_to}, {place} FROM customer a WHERE {_code_key('a.code')} = {values[1]}")
        elif kind == "attribute":
            found = f"v.definition_id = d.id AND v.value_key IN ({', '.join(values)}) AND a.id = v.customer_id"
            some = (
                f"{leads_to}, {_PLACES[kind]} AS place FROM {TABLE} d CROSS JOIN customer_attribute v CROSS JOIN customer a"
                f" WHERE d.is_unique AND NOT d.is_sensitive AND {found} LIMIT {_MAX_SHARING}"
            )
            selects.append(f"SELECT * FROM ({some}) of_attribute")
        else:
            # SQLite would read the whole table: to its statistics all who have none are alike.
            index = f" INDEXED BY customer_{kind}" if engine == "sqlite" else ""
            among = f"a.{kind} IN ({', '.join(dict.fromkeys(values))})"
            some = f"{leads_to}, {_PLACES[kind]} AS place FROM customer a{index} WHERE {among} LIMIT {_MAX_SHARING}"
            selects.append(f"SELECT * FROM ({some}) of_{kind}")
    return " UNION ALL ".join(selects)
