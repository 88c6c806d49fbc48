"""What plugins keep of customers: told to them, erased, and in the way of a deletion.

These are asked of plugins that are installed and off, too, as long as their tables are there. So they go by `shop.database` and
SQL alone: models of a plugin that is off are not bound to a database, and settings have their defaults. Customers are named by
their opaque ids, several at once where records were merged. Of a plugin that is being told what it missed nobody is told what it
keeps, and nobody is deleted: that would be as of then. Erasing waits for nobody, and is done once more when it has caught up.
"""

from collections.abc import Mapping, Sequence

from regulars_core.customers.erasure.holdings import Parts
from regulars_core.plugins.host import hookspec
from regulars_core.shop.shop import Shop


@hookspec
async def customers_erased(shop: Shop, customers: Sequence[str]) -> Mapping[str, int]:  # type: ignore[empty-body]
    """Customers are to be forgotten: overwrite or delete what is personal of them, and answer of how much, by kind.

    What belongs to a shop's books stays under the opaque id: amounts, balances, when and what. It is called in the transaction of
    the erasure, and again some time later; once more where the plugin was off, when it has been told what it missed. So it goes
    by what is there, and finding nothing is no error. It is called too before a customer is deleted.

    What may be written down of customers is described table by table as a `Holding`, from which this follows and `customers_data`
    too. What is stored of conditions may compare what is one customer's own: `owned_by` says what that was before.

    For example:

        NOTED = Holding("birthday_wish", {"id": INNER, "customer_id": KEPT, "wish": KEPT}, is_removed=True)


        @hookimpl
        async def customers_erased(shop: Shop, customers: Sequence[str]) -> Mapping[str, int]:
            return await erase_held(shop.database, [NOTED], customers)
    """


@hookspec
async def customers_data(shop: Shop, customers: Sequence[str]) -> Sequence[Parts]:  # type: ignore[empty-body]
    """What the plugin keeps of customers, to be handed out to them: for each, in their order, rows by the name of their table.

    Values are plain JSON: instants as text, amounts as decimal text. Nothing of other people is in it, such as the name of who
    has assigned something. It only reads.

    For example:

        @hookimpl
        async def customers_data(shop: Shop, customers: Sequence[str]) -> Sequence[Parts]:
            return await told_of(shop, [NOTED], customers)
    """


@hookspec
async def customers_referenced(shop: Shop, customers: Sequence[str]) -> Sequence[Mapping[str, int]]:  # type: ignore[empty-body]
    """What of the plugin's keeps customers from being deleted: for each, in their order, how much, by a word for it.

    Only what somebody would miss counts, such as a coupon; what the plugin notes of everybody does not, and is deleted by
    `customers_erased`. Whoever has no such hook is in nobody's way.

    For example:

        @hookimpl
        async def customers_referenced(shop: Shop, customers: Sequence[str]) -> Sequence[Mapping[str, int]]:
            cards = await cards_of(shop, customers)  # by customer
            return [{"cards": len(cards.get(id_, ()))} for id_ in customers]
    """
