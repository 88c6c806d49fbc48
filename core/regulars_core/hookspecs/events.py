"""What plugins are told, and what they name to be looked up before: each inside the transaction of whoever changed something."""

from collections.abc import Mapping, Sequence
from typing import Any

from regulars_core.customers.merge.facts import Merge, MergeForecast, PlannedMerge, StandingMerge
from regulars_core.customers.reads import CustomerRow
from regulars_core.database import Lookup
from regulars_core.groups.reads import GroupRow
from regulars_core.plugins.host import hookspec
from regulars_core.primitives.clock import Instant
from regulars_core.primitives.errors import Problem
from regulars_core.purchases.baskets import Quote, Quoted
from regulars_core.purchases.recorded import (
    PurchaseOutline,
    ReassignedPurchase,
    RecordedPayment,
    RecordedPurchase,
    RecordedRefund,
)
from regulars_core.shop.shop import Shop


@hookspec
async def customers_registered(
    shop: Shop, customers: Sequence[CustomerRow], extras: Sequence[Mapping[str, Any]], moments: Sequence[Instant]
) -> None:
    """Customers were registered: one by a form or at a till, a thousand by an import.

    `extras` are those of `customerCreate`. Where it finds an existing customer, nobody is registered and nothing announced:
    what it carried for plugins is ignored, as is everything else that it says of the customer.

    For example:

        @hookimpl
        async def customers_registered(
            shop: Shop, customers: Sequence[CustomerRow], extras: Sequence[Mapping[str, Any]]
        ) -> None:
            days = [extra.get("remindDaysBefore") for extra in extras]
            await keep(shop, zip(customers, days, strict=True))
    """


@hookspec
async def customers_changed(
    shop: Shop, customers: Sequence[CustomerRow], extras: Sequence[Mapping[str, Any]], moments: Sequence[Instant]
) -> None:
    """Details, group, tags, addresses or status of customers were changed; the rows are those of after.

    `extras` are those of `customerUpdate`. Where it carries any it is announced even if nothing of core's has changed; the
    customer's version grows only with what is core's.

    For example:

        @hookimpl
        async def customers_changed(shop: Shop, customers: Sequence[CustomerRow]) -> None:
            await keep_birthdays(shop, customers)
    """


@hookspec
async def customers_merging(  # type: ignore[empty-body]
    shop: Shop, merges: Sequence[PlannedMerge]
) -> Sequence[MergeForecast]:
    """Somebody wants to know what merging customers would do, or is about to do it: a MergeForecast for each, in their order.

    Nothing is written here. `customersMergePreview` asks it, and `customersMerge` once more when nobody else can move anything of
    these customers: with an obstacle, nothing is done. What is told belongs to the preview's fingerprint, so that a merge is
    refused whose effects would be others by now. A plugin that is off is not asked, and while one is behind nobody is merged.

    For example:

        @hookimpl
        async def customers_merging(shop: Shop, merges: Sequence[PlannedMerge]) -> Sequence[MergeForecast]:
            stamps = await stamps_of(shop, [one.id for merge in merges for one in merge.absorbed])
            moved = [sum(stamps[one.id] for one in merge.absorbed) for merge in merges]
            return [MergeForecast(moved={"stamps": Moved(count, "stamps.view")}) for count in moved]
    """


@hookspec
async def customers_merged(shop: Shop, merges: Sequence[Merge], moments: Sequence[Instant]) -> None:
    """Customers were made one: the records that were absorbed are aliases of the survivor from now on.

    The customers are those of after: purchases and notes are the survivor's, and statistics know it. Each merge brings the
    `purchases` that went over, with whose they were. Nobody is told of them by `purchases_reassigned`: what a plugin keeps of the
    absorbed it gives to the survivor as it is, in a way that it can take back. All of them are held as in `purchases_refunded`.

    For example:

        @hookimpl
        async def customers_merged(shop: Shop, merges: Sequence[Merge]) -> None:
            for merge in merges:
                await give_stamps(shop, merge.id, [one.id for one in merge.absorbed], merge.survivor.id)
    """


@hookspec
async def customers_unmerging(  # type: ignore[empty-body]
    shop: Shop, merges: Sequence[StandingMerge]
) -> Sequence[Sequence[Problem]]:
    """Somebody wants to know whether merges can be undone, or is about to undo one: what stands against each, in their order.

    Nothing is written here. Who reads `obstacles` of merges asks it, of all of them together; and `customersUnmerge` once more
    when nobody else can move anything of these customers: with an obstacle, nothing is undone. It is asked of those alone that
    core has nothing against. The paths are `("mergeId",)`. A plugin that is off is not asked, and while one that has this hook or
    `customers_unmerged` is behind, nobody's merge is undone.

    For example:

        @hookimpl
        async def customers_unmerging(shop: Shop, merges: Sequence[StandingMerge]) -> Sequence[Sequence[Problem]]:
            spent = await spent_since(shop, [merge.id for merge in merges])
            problem = Problem("STAMPS_SPENT", "Stamps that came by this merge were spent since.", ("mergeId",))
            return [[problem] if merge.id in spent else [] for merge in merges]
    """


@hookspec
async def customers_unmerged(shop: Shop, merges: Sequence[Merge], moments: Sequence[Instant]) -> None:
    """Merges were undone: each record is a customer again and has what was theirs, and the survivor keeps what came since.

    `purchases` are those that went back, with whose they are again. All of them are held as in `purchases_refunded`. Who cannot
    give back what it has given to the survivor says so in `customers_unmerging`, which was asked before, in the same transaction;
    unless the plugin was off at the time. Told later, it gives back what there is.

    For example:

        @hookimpl
        async def customers_unmerged(shop: Shop, merges: Sequence[Merge]) -> None:
            for merge in merges:
                await take_stamps_back(shop, merge.id)
    """


@hookspec
async def groups_created(shop: Shop, groups: Sequence[GroupRow], extras: Sequence[Mapping[str, Any]]) -> None:
    """Groups of customers were made: one by a form, or those that a file of customers names.

    The default group was there before every plugin. `extras` are those of `customerGroupCreate`.

    For example:

        @hookimpl
        async def groups_created(shop: Shop, groups: Sequence[GroupRow], extras: Sequence[Mapping[str, Any]]) -> None:
            cards = [extra.get("birthdayCard") for extra in extras]
            await keep_cards(shop, zip(groups, cards, strict=True))
    """


@hookspec
async def groups_changed(shop: Shop, groups: Sequence[GroupRow], extras: Sequence[Mapping[str, Any]]) -> None:
    """Names or descriptions of groups of customers were given anew; the rows are those of after.

    `extras` are those of `customerGroupUpdate`, which is announced even if everything is as it was. Who moves to another group is
    told by `customers_changed`.

    For example:

        @hookimpl
        async def groups_changed(shop: Shop, groups: Sequence[GroupRow], extras: Sequence[Mapping[str, Any]]) -> None:
            given = [(group, extra) for group, extra in zip(groups, extras, strict=True) if "birthdayCard" in extra]
            await keep_cards(shop, [(group, extra["birthdayCard"]) for group, extra in given])
    """


@hookspec
def purchases_recorded_lookups(  # type: ignore[empty-body]
    shop: Shop, purchases: Sequence[PurchaseOutline], extras: Sequence[Mapping[str, Any]]
) -> Sequence[Lookup]:
    """The first half of `purchases_recorded`: what will have to be known, named from what is about to be recorded.

    All plugins' look-ups are asked together, with core's own, before anything is written; so they may name customers,
    instants and `methods` of paying, and no purchase. They only read. Where the purchase is recorded already they are asked in
    vain. `extras` are those of `purchases_recorded`. Who is named by code or contact has a key that is found by the same
    statement: hand it on as a value, by itself or as the only one of an array.

    For example:

        @hookimpl
        def purchases_recorded_lookups(shop: Shop, purchases: Sequence[PurchaseOutline]) -> Sequence[Lookup]:
            buyers = sorted({purchase.customer_id for purchase in purchases if purchase.customer_id})
            return [balances_of(buyers)]  # a statement and its values
    """


@hookspec
async def purchases_recorded(
    shop: Shop,
    purchases: Sequence[RecordedPurchase],
    extras: Sequence[Mapping[str, Any]],
    found: Sequence[Sequence[Any]],
    quotes: Sequence[Quote | None],
    quoted: Sequence[Quoted | None],
    moments: Sequence[Instant],
) -> None:
    """Purchases were recorded, each with its lines and payments. A purchase may have no customer.

    `found` are the rows of the look-ups that were named in the first half, in that order; they are from before the purchases
    were written. Between those look-ups and the end of the transaction nobody else moves money, points, progress or tier of a
    customer: where somebody has, everything is undone and told again. What is not the customer's, and was decided by, is a
    `Precondition` of `shop.database.defer`. Write by `defer`: it goes out with core's own writes.

    `quotes` are what the plugin has answered to `baskets_quoted` of each purchase, in the same transaction: by them it writes
    what was used, or refuses a sale that was told otherwise. It is None where it has failed, and wherever nothing is quoted: in
    an import, and where the plugin is told later. `quoted` is what all plugins together have taken off each purchase, as `quote`
    would answer it: by it a refusal tells what is left to pay.

    `extras` are those of `purchaseRecord`. What its lines carried is in it under `lines`, if any carried something: a mapping for
    each line, in their order, which is empty where the line carried nothing. Likewise `payments`.
    The same reference with the same content records nothing and announces nothing, whatever it carries for plugins: what a
    purchase is, core alone decides.

    For example:

        @hookimpl
        async def purchases_recorded(shop: Shop, purchases: Sequence[RecordedPurchase], found: Sequence[Sequence[Any]]) -> None:
            [balances] = found
            await shop.database.defer(points(purchases, dict(balances)))
    """


@hookspec
def purchases_paid_lookups(  # type: ignore[empty-body]
    shop: Shop, payments: Sequence[RecordedPayment], extras: Sequence[Mapping[str, Any]]
) -> Sequence[Lookup]:
    """The first half of `purchases_paid`: what will have to be known.

    For example:

        @hookimpl
        def purchases_paid_lookups(shop: Shop, payments: Sequence[RecordedPayment]) -> Sequence[Lookup]:
            payers = sorted(
                {one.purchase.customer_id for one in payments if one.method == "POINTS" and one.purchase.customer_id}
            )
            return [balances_of(payers)]  # a statement and its values
    """


@hookspec
async def purchases_paid(
    shop: Shop,
    payments: Sequence[RecordedPayment],
    extras: Sequence[Mapping[str, Any]],
    found: Sequence[Sequence[Any]],
    moments: Sequence[Instant],
) -> None:
    """Something that was due of a purchase was paid by `purchasePay`. What is paid with the sale is told by `purchases_recorded`.

    Each payment brings its purchase as it is since, with lines and all payments; `paid_at` is when it was recorded. Those of
    one mutation are told together, in its order, so that a refusal names the very one: `("payments", "0", "amount")`.
    `extras` are those of each payment. A plugin that takes less than a payment says, because less will do, lowers its
    `amount_minor` and raises `due_minor` of its purchase: core writes that down. The customers are held as in
    `purchases_refunded`. `found` are the rows of the look-ups that were named in the first half.

    For example:

        @hookimpl
        async def purchases_paid(shop: Shop, payments: Sequence[RecordedPayment], found: Sequence[Sequence[Any]]) -> None:
            balances = {customer: points for rows in found for customer, points in rows}
            for n, payment in enumerate(payments):
                if payment.method == "POINTS" and balances.get(payment.purchase.customer_id, 0) < payment.amount_minor:
                    problem = Problem("INSUFFICIENT_POINTS", "There are fewer points.", ("payments", str(n), "amount"))
                    raise Refused(problem)
    """


@hookspec
def purchases_refunded_lookups(shop: Shop, refunds: Sequence[RecordedRefund]) -> Sequence[Lookup]:  # type: ignore[empty-body]
    """The first half of `purchases_refunded`: what will have to be known.

    For example:

        @hookimpl
        def purchases_refunded_lookups(shop: Shop, refunds: Sequence[RecordedRefund]) -> Sequence[Lookup]:
            return [points_of([refund.purchase_id for refund in refunds])]  # a statement and its values
    """


@hookspec
async def purchases_refunded(
    shop: Shop, refunds: Sequence[RecordedRefund], found: Sequence[Sequence[Any]], moments: Sequence[Instant]
) -> None:
    """Money was given back.

    Each refund brings what it took from lines, in `payments` how it was given back, if that was told, and its purchase as it is
    since. Statistics know it already, and the customers
    are held: nobody else moves anything of theirs until the transaction ends. `found` are the rows of the look-ups that were
    named in the first half. In an exchange, `exchanged_for_id` is the purchase that the refund pays for, which is recorded after
    it in the same transaction, and is not there yet.

    For example:

        @hookimpl
        async def purchases_refunded(shop: Shop, refunds: Sequence[RecordedRefund]) -> None:
            await take_points_back(shop, refunds)
    """


@hookspec
def purchases_voided_lookups(shop: Shop, purchases: Sequence[RecordedPurchase]) -> Sequence[Lookup]:  # type: ignore[empty-body]
    """The first half of `purchases_voided`: what will have to be known.

    For example:

        @hookimpl
        def purchases_voided_lookups(shop: Shop, purchases: Sequence[RecordedPurchase]) -> Sequence[Lookup]:
            return [points_of([purchase.id for purchase in purchases])]  # a statement and its values
    """


@hookspec
async def purchases_voided(
    shop: Shop, purchases: Sequence[RecordedPurchase], found: Sequence[Sequence[Any]], moments: Sequence[Instant]
) -> None:
    """Purchases were voided: they count as if they had never been made.

    Each is told with its lines and payments. The customers are held as in `purchases_refunded`. Refunds that were made together
    with one, as an exchange, are told of by `refunds_undone` next; until then they count.

    For example:

        @hookimpl
        async def purchases_voided(shop: Shop, purchases: Sequence[RecordedPurchase]) -> None:
            await forget_points(shop, [purchase.id for purchase in purchases])
    """


@hookspec
def refunds_undone_lookups(shop: Shop, refunds: Sequence[RecordedRefund]) -> Sequence[Lookup]:  # type: ignore[empty-body]
    """The first half of `refunds_undone`: what will have to be known.

    For example:

        @hookimpl
        def refunds_undone_lookups(shop: Shop, refunds: Sequence[RecordedRefund]) -> Sequence[Lookup]:
            return [points_of([refund.purchase_id for refund in refunds])]  # a statement and its values
    """


@hookspec
async def refunds_undone(
    shop: Shop, refunds: Sequence[RecordedRefund], found: Sequence[Sequence[Any]], moments: Sequence[Instant]
) -> None:
    """Refunds were undone: the purchase was voided that they were made together with.

    They count as if they had never been made. Each was told by `purchases_refunded` once, and brings what it had taken from
    lines, its purchase as it is since, which may have been voided or refunded further by now, and in `exchanged_for_id` the
    voided purchase. The customers, who may be others by now, are held as in `purchases_refunded`.

    For example:

        @hookimpl
        async def refunds_undone(shop: Shop, refunds: Sequence[RecordedRefund]) -> None:
            await give_points_again(shop, refunds)
    """


@hookspec
def purchases_reassigned_lookups(  # type: ignore[empty-body]
    shop: Shop, purchases: Sequence[ReassignedPurchase]
) -> Sequence[Lookup]:
    """The first half of `purchases_reassigned`: what will have to be known.

    For example:

        @hookimpl
        def purchases_reassigned_lookups(shop: Shop, purchases: Sequence[ReassignedPurchase]) -> Sequence[Lookup]:
            return [points_of([purchase.id for purchase in purchases])]  # a statement and its values
    """


@hookspec
async def purchases_reassigned(
    shop: Shop,
    purchases: Sequence[ReassignedPurchase],
    before: Sequence[str | None],
    after: Sequence[str | None],
    found: Sequence[Sequence[Any]],
    moments: Sequence[Instant],
) -> None:
    """Purchases were given from one customer to another: they were of a wrong profile, of nobody, or of a stranger after all.

    `before` and `after` are the ids of the customers of each, None for nobody; the purchases are as they are since, each with its
    lines and payments. Statistics know it already. What the one had of a purchase is taken back as it was given, and the other
    gets what there would have been at the instant of the purchase. All of them are held as in `purchases_refunded`.

    For example:

        @hookimpl
        async def purchases_reassigned(
            shop: Shop,
            purchases: Sequence[ReassignedPurchase],
            before: Sequence[str | None],
            after: Sequence[str | None],
        ) -> None:
            await take_points_back(shop, purchases, before)
            await give_points(shop, purchases, after)
    """
