"""What is asked: four reads and one write, as our clients send them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from regulars_core.customers.reads import NEWEST_FIRST
from regulars_core.database import Database
from regulars_core.primitives.ids import new_id
from regulars_core.primitives.text import folded_words
from regulars_core.queries.pages import cursor_of

Variables = dict[str, Any]

CARD = "id code firstName lastName displayName email phone status version createdAt"
STATS = "stats { totalSpent { amount } purchaseCount averagePurchase { amount } lastPurchaseAt daysSinceLastPurchase }"
LINES = "lines { sku name quantity total { amount } }"

DOCUMENTS = {
    "Q1": f"query($code: String!) {{ customer(code: $code) {{ {CARD} group {{ name }} {STATS}"
    f" purchases(first: 10) {{ nodes {{ id reference purchasedAt status total {{ amount }} {LINES} }} }} }} }}",
    "Q2": f"query($after: String) {{ customers(first: 50, after: $after) {{ nodes {{ {CARD} group {{ name }} {STATS}"
    " purchases(first: 5) { nodes { id reference purchasedAt status total { amount } } } } } }",
    "Q3": "query($text: String!) { customerSearch(query: $text, first: 10) { id code displayName phone } }",
    "Q4": "query($after: String) { customers(first: 100, after: $after) { nodes { id code displayName"
    f" purchases(first: 20) {{ nodes {{ id reference purchasedAt total {{ amount }} {LINES} }} }} }} }} }}",
    "M1": "mutation($input: PurchaseRecordInput!) { purchaseRecord(input: $input) {"
    " created purchase { id reference total { amount } } userErrors { code } } }",
}
OPERATIONS = tuple(DOCUMENTS)
TITLES = {"Q1": "profile", "Q2": "list", "Q3": "search", "Q4": "deep", "M1": "record"}
_PAGES = 16
NEWEST = 400
"""How many of the newest customers reads are about; the older half of all buys."""


@dataclass(frozen=True)
class Subjects:
    """Whom the operations are about: codes of frequent customers, beginnings of names, where pages begin, and codes of
    those who buy while it is measured, whom no read shows."""

    codes: Sequence[str]
    beginnings: Sequence[str]
    pages: Sequence[tuple[int, str] | None]
    buyers: Sequence[str]

    @classmethod
    async def of(cls, database: Database) -> "Subjects":
        """Those of a filled shop; the same each time."""
        newest = await database.rows(
            "SELECT c.code, c.first_name, c.last_name, c.created_at, c.id, c.status FROM customer c"
            f" ORDER BY c.created_at DESC, c.id DESC LIMIT {NEWEST}"
        )
        oldest = await database.rows(
            "SELECT c.code, c.last_name, c.status FROM customer c ORDER BY c.created_at, c.id"
            " LIMIT (SELECT count(*) / 2 FROM customer)"
        )
        named = [(row[1], row[2]) for row in newest[::2] if row[5] == "ACTIVE"]  # others a search may pass over
        named += [(row[1], row[1]) for row in oldest[:NEWEST:2] if row[2] == "ACTIVE"]
        words = (folded_words(names[n % 2])[0] for n, names in enumerate(named))
        beginnings = [word[: 2 + n % 5] for n, word in enumerate(words) if len(word) > 2]
        ends = newest[NEWEST // _PAGES - 1 :: NEWEST // _PAGES][: _PAGES - 4]
        pages = [None, *((int(row[3]), str(row[4])) for row in ends)]
        return cls([row[0] for row in newest], beginnings, pages, [row[0] for row in oldest])

    def variables(self, operation: str) -> Iterator[Variables]:
        """What each request of an operation is about, one after the other, without end."""
        for n in count():
            yield self._one(operation, n)

    def another(self, variables: Variables) -> Variables:
        """Another purchase by the same customer."""
        return {"input": purchase(variables["input"]["customerCode"], 0)}

    def _one(self, operation: str, n: int) -> Variables:
        if operation == "Q1":
            return {"code": self.codes[n * 7 % len(self.codes)]}
        if operation == "Q3":
            return {"text": self.beginnings[n % len(self.beginnings)]}
        if operation == "M1":
            return {"input": purchase(self.buyers[n % len(self.buyers)], n)}
        page = self.pages[n % len(self.pages)]
        return {"after": None if page is None else cursor_of(NEWEST_FIRST, page)}


def purchase(code: str, n: int) -> Variables:
    """A purchase of three lines that nobody has recorded yet."""
    name = new_id()
    return {
        "idempotencyKey": name,
        "reference": f"M{name}",
        "customerCode": code,
        "lines": [
            {"sku": f"SKU-{(n + m) % 500}", "name": f"Tea no. {(n + m) % 500}", "unitPrice": f"{2 + m}.50"}
            for m in range(3)
        ],
    }
