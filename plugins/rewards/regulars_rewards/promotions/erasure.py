"""Forgetting a customer in promotions: what their audiences compare may be the customer's own, such as a tax id."""

from collections.abc import Sequence

from regulars_core.plugin import Shop, lock_where, now, owned_by
from regulars_rewards.promotions.stored import data_of


async def forget_in_promotions(shop: Shop, customers: Sequence[str]) -> int:
    """Take out of the audiences of promotions, whether they have ended or not, what was these customers' own, before it is
    erased itself. Answers how many were changed. It goes by SQL alone, since the plugin may be off."""
    own = await owned_by(shop, customers)
    if not own:
        return 0
    asking = " OR ".join(f"body LIKE '%\"{leaf}\"%'" for leaf in own.leaves)
    if not await shop.database.rows(f"SELECT 1 FROM rewards_promotion WHERE {asking} LIMIT 1"):
        return 0
    # as every change of a promotion: the revision first, then the promotions
    await shop.database.run("UPDATE rewards_revision SET revision = revision + 1 WHERE id = 1")
    changed = 0
    for id_, body in await lock_where(shop.database, "rewards_promotion", asking, [], ("id", "body")):
        data = data_of(body)
        after = own.without(data.audience or {})
        if after != (data.audience or {}):
            changed += 1
            sql = "UPDATE rewards_promotion SET version = version + 1, updated_at = $2, body = $3 WHERE id = $1"
            await shop.database.run(sql, id_, now(), data.model_copy(update={"audience": after}).model_dump_json())
    return changed
