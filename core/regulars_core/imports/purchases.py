"""Importing purchases: what is new is recorded with the customers and stores it needs, a batch in one transaction."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from regulars_core.customers.registration import register
from regulars_core.customers.requirements import NAMES_OF_PEOPLE
from regulars_core.customers.rules import CheckedCustomer, NewCustomer, checked
from regulars_core.imports.aftermath import undo
from regulars_core.imports.baskets import Grouping, Keys
from regulars_core.imports.batch import Outcome, batches, settle
from regulars_core.imports.buyers import Directory, Newcomer, with_codes
from regulars_core.imports.files.records import Row
from regulars_core.imports.foreseen import FORESEEN, Foreseen
from regulars_core.imports.options import ImportOptions, ImportReport, Progress
from regulars_core.imports.purchase_rows import PURCHASES, Sale, SaleReader, key_of, read_key, written
from regulars_core.imports.recognition import known_records, marks_left, marks_sought, recognised, registered_meanwhile
from regulars_core.imports.run import Running, run
from regulars_core.imports.scattered import Scattered
from regulars_core.primitives.errors import Problem
from regulars_core.purchases.rules import CheckedPurchase
from regulars_core.purchases.service import Known, Recorded, record, recorded_under, reused
from regulars_core.shop.shop import Shop
from regulars_core.stores.reads import stores_by_codes
from regulars_core.stores.service import create_store


async def import_purchases(shop: Shop, path: Path, options: ImportOptions, progress: Progress) -> ImportReport:
    """Bring in a CSV file of purchases, one row for each line of a basket.

    Raises ImportRefused for a header or options that cannot be, before anything is written. What else is wrong goes into
    the rejects file, and the rest goes on. The same file again changes nothing.
    """
    return await run(shop, path, options, progress, PURCHASES, _batches, _settle)


def _batches(running: Running, rows: Iterator[Row]) -> Generator[list[Sale], None, None]:
    reader = SaleReader(running.shop, running.options, running.header)
    with closing(Scattered(Keys(running.header).beginnings(running.rows_again()))) as scattered:
        yield from batches(running, Grouping(running.header, scattered).baskets(rows), reader.read)


async def _settle(running: Running, sales: list[Sale]) -> None:
    if sales:
        await _take(running, sales)
        await undo(running, sales)


async def _take(running: Running, sales: list[Sale]) -> None:
    await settle(running, sales, _attempt(running, sales), _take)


async def _attempt(running: Running, sales: Sequence[Sale]) -> Outcome[Sale]:
    shop, foreseen = running.shop, running.foreseen
    outcome = Outcome[Sale](told=[(sale, problem) for sale in sales for problem in sale.unread])
    known = await stores_by_codes(shop.database, [sale.store_code for sale in sales])
    stores = {code: store.id for code, store in known.items()}
    new = await _new(shop, sales, stores, outcome, foreseen)
    if not new:
        return outcome
    buyers = [sale.buyer for sale in new if sale.buyer]
    known_buyers = await known_records(shop, (key for buyer in buyers for key in buyer.keys))
    before = {} if foreseen is None else foreseen.among(mark for buyer in buyers for mark in marks_sought(buyer))
    needed = [name for name in NAMES_OF_PEOPLE if name in shop.settings.required_fields]
    directory = Directory(known_buyers, [] if running.options.takes_incomplete else needed, before)
    placed = _with_customers(new, directory, outcome, may_be_nobody=running.options.may_be_nobody)
    if not placed:
        return outcome
    if foreseen is not None:
        return _foreseen(shop, foreseen, outcome, placed, stores, directory.newcomers)
    await _prepare(shop, directory.newcomers)

    async def work() -> Outcome[Sale]:
        return await _write(shop, placed, dict(stores), directory.newcomers)

    written = await shop.database.transaction(work)
    written.unchanged += outcome.unchanged
    written.rejected += outcome.rejected
    written.told += outcome.told
    return written


def _foreseen(
    shop: Shop,
    foreseen: Foreseen,
    outcome: Outcome[Sale],
    placed: "Sequence[_Placed]",
    stores: Mapping[str, str],
    newcomers: Sequence[Newcomer],
) -> Outcome[Sale]:
    """What would come of these sales, remembered for those that follow. Raises Refused where they would be."""
    _checked_newcomers(shop, newcomers)
    for newcomer in newcomers:
        foreseen.add((mark, FORESEEN) for mark in marks_left(newcomer, newcomer.all_keys))
    opened = {sale.store_code for sale, _ in placed} - stores.keys()
    outcome.stores_created = len(opened) - len(foreseen.among(("store", code) for code in opened))
    foreseen.add((("store", code), FORESEEN) for code in opened)
    foreseen.add((("purchase", written(key_of(sale))), sale.purchase.digest) for sale, _ in placed)
    outcome.created, outcome.customers_created = len(placed), len(newcomers)
    return outcome


async def _new(
    shop: Shop, sales: Sequence[Sale], stores: Mapping[str, str], outcome: Outcome[Sale], foreseen: Foreseen | None
) -> list[Sale]:
    """The sales that are not recorded yet. Nobody becomes a customer for one that is."""
    recorded = await recorded_under(shop, [sale.purchase.reference for sale in sales])
    codes = {id_: code for code, id_ in stores.items()}
    there = {(codes[store], *key): known for (store, *key), known in recorded.items() if store in codes}
    if foreseen is not None:
        before = foreseen.among(("purchase", written(key_of(sale))) for sale in sales)
        there |= {
            key: Known("", digest, voided=False) for (_, text), digest in before.items() if (key := read_key(text))
        }
    new = []
    for sale in sales:
        purchase, key = sale.purchase, key_of(sale)
        known = there.get(key)
        if known is None or (known.voided and purchase.input.replaces_voided):
            there[key] = Known("", purchase.digest, voided=False)
            new.append(sale)
        else:
            problem = None if known.digest == purchase.digest else reused(known)
            _count(outcome, sale, Recorded(None, created=False, problem=problem))
    return new


def _count(outcome: Outcome[Sale], sale: Sale, recorded: Recorded) -> None:
    if recorded.problem:
        outcome.rejected.append((sale, recorded.problem))
    elif recorded.created:
        outcome.created += 1
    else:
        outcome.unchanged += 1


_Placed = tuple[Sale, str | Newcomer | None]


def _with_customers(
    sales: Sequence[Sale], directory: Directory, outcome: Outcome[Sale], *, may_be_nobody: bool
) -> list[_Placed]:
    placed: list[_Placed] = []
    for sale in sales:
        if sale.buyer is None:
            placed.append((sale, None))
        elif customer := directory.find(sale.buyer, sale.purchase.input.purchased_at):
            placed.append((sale, customer))
        else:
            message = (
                f"Nobody is known as {sale.buyer.identifier}, and there is not the name that it takes to register."
            )
            problem = Problem("CUSTOMER_UNKNOWN", message)
            if may_be_nobody:
                outcome.told.append((sale, problem))
                placed.append((sale, None))
            else:
                outcome.rejected.append((sale, problem))
    return placed


async def _prepare(shop: Shop, newcomers: Sequence[Newcomer]) -> None:
    """Check newcomers and give them codes. Raises Refused."""
    if not newcomers:
        return
    customers = _checked_newcomers(shop, newcomers)
    for newcomer, customer in zip(newcomers, await with_codes(shop, customers), strict=True):
        newcomer.customer = customer


def _checked_newcomers(shop: Shop, newcomers: Sequence[Newcomer]) -> list[CheckedCustomer]:
    """The newcomers as customers; a purchase is not refused for what else they lack. Raises Refused."""
    return [
        checked(
            shop.settings,
            NewCustomer(
                first_name=newcomer.buyer.first_name,
                last_name=newcomer.buyer.last_name,
                email=newcomer.buyer.email,
                phone=newcomer.buyer.phone,
                code=newcomer.buyer.code,
                created_at=newcomer.since,
            ),
            complete=False,
        )
        for newcomer in newcomers
    ]


async def _write(
    shop: Shop, placed: Sequence[_Placed], stores: dict[str, str], newcomers: Sequence[Newcomer]
) -> Outcome[Sale]:
    outcome = Outcome[Sale]()
    for sale, _ in placed:
        if sale.store_code not in stores:
            stores[sale.store_code] = await create_store(shop, sale.store_code, sale.store_name)
            outcome.stores_created += 1
    ids = await _register(shop, newcomers, outcome)
    purchases = [
        _complete(sale, stores, ids.get(id(who)) if isinstance(who, Newcomer) else who) for sale, who in placed
    ]
    for (sale, _), recorded in zip(placed, await record(shop, purchases), strict=True):
        _count(outcome, sale, recorded)
    return outcome


async def _register(shop: Shop, newcomers: Sequence[Newcomer], outcome: Outcome[Sale]) -> dict[int, str]:
    """The ids of newcomers, by the identity of the object. Who was registered at a till a moment ago is not made again."""
    contacts = (key for newcomer in newcomers if not newcomer.buyer.code for key in newcomer.contacts)
    existing = await registered_meanwhile(shop, contacts)
    ids: dict[int, str] = {}
    missing = []
    for newcomer in newcomers:
        if one := recognised(newcomer.buyer, existing):
            ids[id(newcomer)] = one.customer_id
        else:
            missing.append(newcomer)
    created = await register(shop, [newcomer.customer for newcomer in missing if newcomer.customer]) if missing else []
    outcome.customers_created = len(created)
    return ids | {id(newcomer): id_ for newcomer, id_ in zip(missing, created, strict=True)}


def _complete(sale: Sale, stores: Mapping[str, str], customer_id: str | None) -> CheckedPurchase:
    input = replace(sale.purchase.input, store_id=stores[sale.store_code], customer_id=customer_id)
    return replace(sale.purchase, input=input)
