"""Signatures of the texts that customers are found by: 128 bits, of which each three letters in a row set one.

A text in which a word stands has all bits of the word; of those that have them nearly all have the word. The indexes by name
and by registration hold the signatures, so that who walks along them sees whom to look at, without reading a text. A customer of
whom all bits are set, as at first, may have any word: so nothing is missed while signatures are still to be written.
"""

import zlib
from collections.abc import AsyncIterator, Sequence
from functools import lru_cache, partial
from itertools import islice

from regulars_core.customers.search.typed import Shape
from regulars_core.database import Database
from regulars_core.queries.pace import Pace
from regulars_core.queries.where import Values

COLUMNS = ("signature_low", "signature_high")
"""Of `customer`: 64 bits in each, the highest of them as the sign."""
DUE = " AND ".join(f"{column} = -1" for column in COLUMNS)
"""That a customer's signature is still to be written. As an index has it."""
_HALF = 64
_MOST_AT_ONCE = 2_000

Signature = tuple[int, int]


@lru_cache(maxsize=1 << 16)
def _bit(letters: str) -> int:
    return 1 << zlib.crc32(letters.encode()) % (2 * _HALF)


def signature(*given: str) -> Signature:
    """The signature of texts, or of a word, of three letters or more."""
    bits = 0
    for text in given:
        for letters in {text[n : n + 3] for n in range(len(text) - 2)}:
            bits |= _bit(letters)
    return _signed(bits % (1 << _HALF)), _signed(bits >> _HALF)


def _signed(half: int) -> int:
    return half - (1 << _HALF) if half >> (_HALF - 1) else half


def may_contain(shape: Shape, needles: Sequence[str], values: Values, alias: str) -> str:
    """The condition that what was typed may be in the texts of somebody whose signature this alias has."""
    certain, conditions, left = list[str](), list[str](), iter(needles)
    for part in shape:
        alternatives = [list(islice(left, count)) for count in part.counts]
        if len(alternatives) == 1:
            certain += alternatives[0]
        else:
            conditions.append(f"({' OR '.join(_has(signature(*one), values, alias) for one in alternatives)})")
    if certain:
        conditions.insert(0, _has(signature(*certain), values, alias))
    return " AND ".join(conditions) or "1=0"


def _has(wanted: Signature, values: Values, alias: str) -> str:
    halves = [
        f"({alias}.{column} & {place}::bigint) = {place}::bigint"
        for column, half in zip(COLUMNS, wanted, strict=True)
        if half
        for place in [values.bind(half)]
    ]
    return f"({' AND '.join(halves)})"


async def renew(database: Database) -> None:
    """Write the signatures that are due, some at a time; of customers whom nobody is changing."""
    pace, last = Pace(database, _MOST_AT_ONCE, first=100), "0" * 32
    while ids := await pace.step(partial(_renew_some, database, pace, last)):
        last = ids[-1]


async def _renew_some(database: Database, pace: Pace, last: str) -> Sequence[str]:
    # Whoever changes a text has locked its customer.
    skip = f"{database.dialect.lock_rows} SKIP LOCKED" if database.dialect.lock_rows else ""
    due = f"SELECT id FROM customer WHERE {DUE} AND id > $1 ORDER BY id LIMIT {pace.size}{skip}"
    ids = [row[0] for row in await database.rows(due, last)]
    if not ids:
        return ids
    found = await database.rows(
        f"SELECT customer_id, names, contact FROM customer_text WHERE {database.dialect.among('customer_id', 1)}", ids
    )
    await database.run_many(
        "UPDATE customer SET signature_low = $2, signature_high = $3 WHERE id = $1",
        [(id_, *signature(names, contact)) for id_, names, contact in found],
    )
    return ids


async def differences(database: Database) -> AsyncIterator[str]:
    """The ids of customers whose signature lacks what is in their texts; some thousands are looked at in one statement."""
    last = "0" * 32
    some = (
        f"SELECT c.id, c.{', c.'.join(COLUMNS)}, t.names, t.contact FROM customer c JOIN customer_text t"
        f" ON t.customer_id = c.id WHERE c.id > $1 ORDER BY c.id LIMIT {_MOST_AT_ONCE}"
    )
    while rows := await database.rows(some, last):
        for id_, *kept, names, contact in rows:
            if any(half & ~is_kept for half, is_kept in zip(signature(names, contact), kept, strict=True)):
                yield id_
        last = rows[-1][0]
