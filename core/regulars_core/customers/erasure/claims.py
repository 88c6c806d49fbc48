"""What customers hold or owe, for which they are kept however long nothing was heard of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from regulars_core.customers.erasure.holders import Holders
from regulars_core.events.behind import missed_since
from regulars_core.plugins.owners import CORE, Owners
from regulars_core.primitives.clock import Instant
from regulars_core.shop.shop import Shop


@dataclass(frozen=True, slots=True)
class Claim:
    """Something that customers hold of the shop or owe to it: what it is called, and the condition in SQL over `customer c` that
    one has it. The condition has no parameters, and an index for one customer."""

    name: str
    condition: str


CLAIMS = (
    Claim(
        "due", "EXISTS (SELECT 1 FROM purchase p WHERE p.customer_id = c.id AND p.due <> 0 AND p.status <> 'VOIDED')"
    ),
    Claim("open-notes", "EXISTS (SELECT 1 FROM customer_note n WHERE n.customer_id = c.id AND n.is_open)"),
)
"""What core knows of: purchases that are not paid whole, and notes about which something is still to be done."""


def claims_of(shop: Shop, holders: Holders) -> Sequence[Claim]:
    """The claims that core, every plugin that is on, and those that are off and hold something, know of. Raises CatchingUp where
    one of them does not have everything yet, and PluginError where two have the same name."""
    owners, found = Owners(), list[Claim]()
    for owner, claims in holders.plugins.declared("regulars_claims").items():
        if owner in holders.names:
            shop.refuse_behind(owner)
            for claim in claims:
                owners.claim(claim.name, owner, f"The claim '{claim.name}'")
                found.append(claim)
    return found


async def unmerged_unheard_since(shop: Shop, holders: Holders) -> Instant | None:
    """Since when merges may have been undone of which a plugin that is off and knows of claims has not heard: what is those's who
    are customers again stands with the others until it hears. None where none may."""
    knowing = holders.plugins.declared("regulars_claims").keys() & set(holders.names)
    return await missed_since(shop.database, knowing - {CORE, *shop.plugins.names})
