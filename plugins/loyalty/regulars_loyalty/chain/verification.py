"""Verifying the ledger: every check over all accounts or one customer's, in one walk. Writes nothing."""

import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from regulars_core.plugin import Instant, Shop, lock, now, told_progress
from regulars_loyalty.chain.canonical import leaf, seal_hash, statement
from regulars_loyalty.chain.checks import CHECKS, COUNTED_BY, Difference, Result, Rows, differences_of, sealed_in
from regulars_loyalty.chain.current import kept_figures
from regulars_loyalty.chain.figures import Cell, Figure, Figures
from regulars_loyalty.chain.seals import PART, Key, SealPart, SealRow, last_seal, parts_of, proofs_of, seals_after
from regulars_loyalty.chain.tree import Tree, root_of
from regulars_loyalty.chain.walk import Batch, batches, read
from regulars_loyalty.ledger.book import DEBT, LOTS, MERGED
from regulars_loyalty.ledger.lives import ending_of

_SAMPLES = 20
_EVERY_SECONDS = 5
_SEALS_AT_ONCE = 500


@dataclass(slots=True)
class Report:
    """What was found: a result for each check, by its code, in the order of CHECKS."""

    at: Instant
    results: dict[str, Result] = field(default_factory=dict)

    def looked(self, code: str, number: int) -> None:
        """So many were looked at."""
        self.results.setdefault(code, Result()).checked += number

    def found(self, one: Difference) -> Difference:
        """Something differs."""
        result = self.results.setdefault(one.code, Result())
        result.differences += 1
        if "_" in one.id and len(result.samples) < _SAMPLES and one.id not in result.samples:
            result.samples.append(one.id)
        return one

    @property
    def holds(self) -> bool:
        """Whether nothing differs."""
        return not any(result.differences for result in self.results.values())

    @property
    def in_order(self) -> Sequence[tuple[str, Result]]:
        """The results in the order of CHECKS."""
        return [(code, self.results[code]) for code in CHECKS if code in self.results]


# --- all of it


class Verification:
    """A walk over the whole ledger. What is chained or sealed meanwhile is left out."""

    def __init__(self, shop: Shop) -> None:
        self._shop, self.report = shop, Report(now())
        self._ending: Callable[[str, Instant], Instant] = ending_of(shop)
        self._figures, self._kept = Figures(shop.settings.zone), dict[Cell, Figure]()
        self._merges = Counter[tuple[str, str]]()
        self._house, self._customers = Counter[str](), Counter[str]()
        self._upto = self._chained = 0
        self._sealed: _Sealed | None = None

    async def differences(self) -> AsyncIterator[Difference]:
        """Everything that does not hold."""
        database = self._shop.database
        self._upto, self._kept = await kept_figures(database)
        async for one in self._chain_of_seals():
            yield one
        if (seal := await last_seal(database)) is not None:
            self._sealed = _Sealed(seal, await parts_of(database, seal.number))
        expected = await _expected(self._shop)
        told, done = time.monotonic(), 0
        async for batch in batches(database):
            for rows in batch.accounts:
                for one in await self._account(rows, batch):
                    yield self.report.found(one)
                done += len(rows.entries)
            if time.monotonic() - told >= _EVERY_SECONDS:
                told_progress("loyalty-ledger", done, expected)
                told = time.monotonic()
        async for one in self._at_the_end():
            yield self.report.found(one)

    async def _account(self, rows: Rows, batch: Batch) -> Sequence[Difference]:
        found = list(differences_of(rows, self.report.at, self._ending))
        if found:  # it may have been read while somebody wrote it: once more, while nobody does
            again = await _read_alone(self._shop, (rows.customer_id, rows.unit))
            rows = next((one for one in again.accounts if one.unit == rows.unit), Rows(rows.customer_id, rows.unit))
            batch.parts.update(again.parts)
            batch.merges.update(again.merges)
            found = list(differences_of(rows, now(), self._ending))
        for code, number in COUNTED_BY.items():
            self.report.looked(code, number(rows))
        self._add_up(rows, batch)
        if self._sealed is not None:
            self._sealed.add(rows)
        return found

    def _add_up(self, rows: Rows, batch: Batch) -> None:
        opened = {lot.transfer_id: batch.parts[lot.id] for lot in rows.lots}
        for entry in rows.entries:
            for name, sign in ((entry.source, -1), (entry.target, 1)):
                totals = self._customers if name in {LOTS, DEBT} else self._house
                totals[entry.unit] += sign * entry.amount
            if (merge := batch.merges.get(entry.id)) is not None:
                self.report.looked("MERGES_EVEN", 1)
                key = merge, entry.unit
                self._merges[key] += entry.amount * ((entry.target == MERGED) - (entry.source == MERGED))
                if not self._merges[key]:
                    del self._merges[key]
            link = rows.links.get(entry.version)
            if link is not None and link.position <= self._upto:
                self._chained += 1
                self._figures.count(entry, batch.parts, opened.get(entry.id))
        if rows.kept is not None:
            self._customers[f"{rows.unit} kept"] += rows.kept.amount - rows.kept.debt

    async def _at_the_end(self) -> AsyncIterator[Difference]:
        for unit, given in self._house.items():
            kept = self._customers[f"{unit} kept"]
            if self._customers[unit] != -given or kept != -given:
                yield Difference("DEBITS_EQUAL_CREDITS", unit, f"the house gave {-given}, customers have {kept}")
        async for one in self._uneven_merges():
            yield one
        if self._chained != self._upto:
            yield Difference("ENTRIES_CHAINED", "", f"the last place is {self._upto}, but there are {self._chained}")
        self.report.looked("FIGURES", len(self._kept))
        for cell in sorted(self._kept.keys() | self._figures.cells.keys()):
            stored, counted = self._kept.get(cell, Figure()), self._figures.cells.get(cell, Figure())
            if stored.columns != counted.columns:
                yield Difference("FIGURES", cell[0], f"{cell}: kept {stored.columns}, recounted {counted.columns}")
        if self._sealed is not None:
            self.report.looked("SEAL_HOLDS", self._sealed.count)
            for one in self._sealed.differences():
                yield one

    async def _uneven_merges(self) -> AsyncIterator[Difference]:
        """Both sides are looked at again: one of them may have been read before the merge, and the other one after it."""
        for merge_id, unit in list(self._merges):
            [(uneven,)] = await self._shop.database.rows(
                "SELECT CAST(coalesce(sum(CASE WHEN target = $3 THEN amount WHEN source = $3 THEN -amount ELSE 0 END), 0)"
                " AS BIGINT) FROM loyalty_transfer WHERE merge_id = $1 AND unit = $2",
                merge_id,
                unit,
                MERGED,
            )
            if uneven:
                yield Difference("MERGES_EVEN", f"merge_{merge_id}", f"{uneven} {unit} went and did not come")

    async def _chain_of_seals(self) -> AsyncIterator[Difference]:
        before: SealRow | None = None
        self.report.looked("SEALS_CHAIN", 0)
        while some := await seals_after(self._shop.database, before.number if before else 0, _SEALS_AT_ONCE):
            self.report.looked("SEALS_CHAIN", len(some))
            for seal in some:
                if (said := _broken_seal(seal, before)) is not None:
                    yield self.report.found(Difference("SEALS_CHAIN", f"ledgerseal_{seal.id}", said))
                before = seal
        if before is not None and before.entry_count > self._upto:
            yield self.report.found(
                Difference(
                    "SEALS_CHAIN", f"ledgerseal_{before.id}", f"covers {before.entry_count} of {self._upto} entries"
                )
            )


def _broken_seal(seal: SealRow, before: SealRow | None) -> str | None:
    if seal.number != (before.number + 1 if before else 1):
        return f"follows the seal {before.number if before else 0}"
    if seal.previous_hash != (before.hash if before else None):
        return "does not hold the hash of the seal before it"
    if before is not None and seal.entry_count < before.entry_count:
        return "covers fewer entries than the seal before it"
    if seal.hash != seal_hash(seal.number, seal.sealed_at, seal.entry_count, seal.root, seal.previous_hash):
        return "is not what its hash says"
    return None


class _Sealed:
    """The tree of a seal, made anew from the entries as they are now, beside the parts that were kept."""

    def __init__(self, seal: SealRow, parts: Sequence[SealPart]) -> None:
        self._seal, self._parts = seal, parts
        self._tree, self._leaves = Tree(), list[bytes]()
        self._first: Key | None = None
        self._last: Key | None = None
        self._wrong = list[str]()
        self.count = self._number = 0

    def add(self, rows: Rows) -> None:
        """The next account, in their order."""
        sealed = sealed_in(rows, self._seal.entry_count)
        if sealed is None:
            return
        entry, hashed = sealed
        self.count += 1
        self._first, self._last = self._first or entry.account, entry.account
        text = statement(*entry.account, entry.balance_after, entry.debt_after, entry.version, hashed)
        self._leaves.append(leaf(text))
        if len(self._leaves) == PART:
            self._end_part()

    def _end_part(self) -> None:
        over = root_of(self._leaves)
        if over is None or self._first is None or self._last is None:
            return
        kept = self._parts[self._number] if self._number < len(self._parts) else None
        if kept != SealPart(self._first, self._last, over):
            first, last = (kept.first, kept.last) if kept else (self._first, self._last)
            self._wrong.append(f"from customer_{first[0]} {first[1]} to customer_{last[0]} {last[1]}")
        self._tree.add(over)
        self._leaves, self._first, self._number = [], None, self._number + 1

    def differences(self) -> Sequence[Difference]:
        """What the seal says otherwise, after the last account."""
        self._end_part()
        id_, root, found = f"ledgerseal_{self._seal.id}", self._tree.root, list[Difference]()
        if root is None or root.hex() != self._seal.root:
            found.append(
                Difference("SEAL_HOLDS", id_, f"its root is {self._seal.root}, the entries give {root and root.hex()}")
            )
        found += [Difference("SEAL_HOLDS", id_, f"accounts are not what was sealed: {said}") for said in self._wrong]
        if self._number != len(self._parts):
            found.append(
                Difference("SEAL_HOLDS", id_, f"has {len(self._parts)} parts, the entries give {self._number}")
            )
        return found


async def _read_alone(shop: Shop, account: Key) -> Batch:
    """One account, while nobody moves anything of the customer's."""
    customer_id, unit = account

    async def work() -> Batch:
        await lock(shop.database, "customer_stats", [customer_id], key="customer_id")
        return await read(shop.database, (customer_id, unit[:-1]), account)

    return await shop.database.transaction(work)


async def _expected(shop: Shop) -> int:
    """About how many entries there are."""
    [(chained,)] = await shop.database.rows("SELECT coalesce(max(position), 0) FROM loyalty_link")
    return int(chained)


async def differences(shop: Shop) -> AsyncIterator[str]:
    """A sentence for everything in the ledger that does not hold."""
    async for one in Verification(shop).differences():
        yield str(one)


# --- one customer's


async def verify_customer(shop: Shop, customer_id: str) -> Report:
    """Every check that can be made of one customer's accounts."""
    report, ending = Report(now()), ending_of(shop)

    async def work() -> Batch:
        await lock(shop.database, "customer_stats", [customer_id], key="customer_id")
        return await read(shop.database, (customer_id, ""), (customer_id, "~"))

    batch = await shop.database.transaction(work)
    seal = await last_seal(shop.database)
    proofs = await proofs_of(shop.database, [(rows.customer_id, rows.unit) for rows in batch.accounts], None)
    for rows, proof in zip(batch.accounts, proofs, strict=True):
        for code, number in COUNTED_BY.items():
            report.looked(code, number(rows))
        for one in differences_of(rows, report.at, ending):
            report.found(one)
        if seal is None or (sealed := sealed_in(rows, seal.entry_count)) is None:
            continue
        report.looked("SEAL_HOLDS", 1)
        entry, hashed = sealed
        text = statement(*entry.account, entry.balance_after, entry.debt_after, entry.version, hashed)
        if proof is None or proof.statement != text or proof.leads_to() != proof.seal.root:
            report.found(Difference("SEAL_HOLDS", rows.id, f"{rows.unit} is not what the seal {seal.number} says"))
    return report


# --- what the job finds


async def verify_all(shop: Shop) -> Report:
    """Verify the whole ledger and keep what was found for who asks."""
    verification = Verification(shop)
    async for _ in verification.differences():
        pass
    await shop.database.transaction(lambda: _keep(shop, verification.report))
    return verification.report


async def _keep(shop: Shop, report: Report) -> None:
    await shop.database.run("DELETE FROM loyalty_check_result")
    rows = [
        (code, report.at, result.checked, result.differences, " ".join(result.samples))
        for code, result in report.in_order
    ]
    await shop.database.run_many(
        "INSERT INTO loyalty_check_result (code, at, checked, differences, samples) VALUES ($1, $2, $3, $4, $5)", rows
    )


async def last_report(shop: Shop) -> Report | None:
    """What the job last found; None before its first run."""
    rows = await shop.database.rows("SELECT code, at, checked, differences, samples FROM loyalty_check_result")
    if not rows:
        return None
    found: Mapping[str, Result] = {row[0]: Result(row[2], row[3], row[4].split()) for row in rows}
    return Report(Instant(rows[0][1]), dict(found))
