"""Who gives rewards and takes them back: coupons are rewards' own, other kinds are their plugins'."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from regulars_core.plugin import BadInput, Dialect, Instant, Lookup, Owners, Shop, now
from regulars_rewards.coupons.issuing import Terms, issue_as
from regulars_rewards.coupons.revoking import revoke_known, states_of
from regulars_rewards.coupons.rewards import COUPON, CouponReward, end_of_coupon
from regulars_rewards.hookspecs import Giver, SystemReward
from regulars_rewards.progress.law import RewardState
from regulars_rewards.systems.system import SystemVersion
from regulars_schema.plugin import key_of


class CouponPromotion(NamedTuple):
    """What has to be known of a promotion to give a coupon of it."""

    needs_coupon: bool
    starts_at: Instant
    ends_at: Instant


Promotions = Mapping[str, CouponPromotion]


def lookup_promotions_of(dialect: Dialect, versions: Sequence[SystemVersion]) -> Lookup:
    """The promotions of which these versions give coupons; read by `promotions_from`."""
    return _lookup(dialect, sorted({id_ for one in versions for id_ in _promotion_of(one)}))


def _promotion_of(version: SystemVersion) -> Iterator[str]:
    settings = version.reward.settings if version.reward else None
    if isinstance(settings, CouponReward) and (id_ := _key(settings)):
        yield id_


def _lookup(dialect: Dialect, ids: Sequence[str]) -> Lookup:
    columns = "id, needs_coupon, starts_at, ends_at"
    return f"SELECT {columns} FROM rewards_promotion WHERE {dialect.among('id', 1)}", [list(ids)]


def promotions_from(rows: Sequence[Any]) -> Promotions:
    """Promotions by their key."""
    return {row[0]: CouponPromotion(bool(row[1]), row[2], row[3]) for row in rows}


def _key(settings: CouponReward) -> str | None:
    try:
        return key_of(settings.promotion, "promotion")
    except BadInput:
        return None


class CouponRewards:
    """Gives coupons at targets: the coupon has the id of the reward. Nothing more is looked up where the promotions are known."""

    def __init__(self, promotions: Promotions | None = None) -> None:
        self._promotions = promotions

    async def give(self, shop: Shop, rewards: Sequence[SystemReward]) -> Collection[str]:
        """Those whose promotion has not ended, and needs a coupon."""
        promotions, present, wanted = await self._known(shop, rewards), now(), list[tuple[str, str, Terms]]()
        for one in rewards:
            assert isinstance(one.settings, CouponReward)
            promotion_id = _key(one.settings) or ""
            promotion = promotions.get(promotion_id)
            if promotion is None or not promotion.needs_coupon or promotion.ends_at <= present:
                continue
            ends = end_of_coupon(shop, present, one.settings.valid_days)
            if ends > max(present, promotion.starts_at):
                wanted.append((one.id, one.customer_id, Terms(promotion_id, ends)))
        await issue_as(shop, wanted)
        return {id_ for id_, *_ in wanted}

    async def _known(self, shop: Shop, rewards: Sequence[SystemReward]) -> Promotions:
        if self._promotions is not None:
            return self._promotions
        ids = {_key(one.settings) for one in rewards if isinstance(one.settings, CouponReward)}
        sql, values = _lookup(shop.database.dialect, sorted(one for one in ids if one))
        return promotions_from(await shop.database.read(sql, *values))

    async def take_back(self, shop: Shop, rewards: Sequence[SystemReward], forced: bool) -> Collection[str]:
        """Make worthless what is not used. What is used stays, and is marked where that is `forced`."""
        states = await self.states(shop, rewards)
        unused = sorted(id_ for id_, state in states.items() if state is not RewardState.REDEEMED)
        if unused:
            await revoke_known(shop, unused)
        return set(states) if forced else set(unused)

    async def used(self, shop: Shop, rewards: Sequence[SystemReward]) -> Collection[str]:
        """Those whose coupons are used."""
        by_coupon = {one.coupon_id: one.id for one in rewards if one.coupon_id}
        among = shop.database.dialect.among("id", 1)
        sql = f"SELECT id FROM rewards_coupon WHERE {among} AND redeemed > 0"
        return {by_coupon[row[0]] for row in await shop.database.read(sql, sorted(by_coupon))}

    async def states(self, shop: Shop, rewards: Sequence[SystemReward]) -> Mapping[str, RewardState]:
        """What has become of the coupons of these rewards; it stays so until the transaction ends."""
        ids = [one.coupon_id for one in rewards if one.coupon_id]
        states = await states_of(shop, ids) if ids else {}
        known = ((one.id, states.get(one.coupon_id or "")) for one in rewards)
        return {id_: RewardState(state) for id_, state in known if state is not None}


def givers_of(shop: Shop) -> Mapping[str, Giver]:
    """Who gives each kind of reward that is another plugin's, by its name: found once. Raises PluginError where two give one."""
    givers: Mapping[str, Giver] | None = shop.memory.get(Giver)
    if givers is None:
        owners, found = Owners(), dict[str, Giver]()
        owners.claim(COUPON.name, "rewards", f"The reward {COUPON.name}")
        for owner, own in shop.plugins.declared("rewards_givers").items():
            for name, giver in own.items():
                owners.claim(name, owner, f"The reward {name}")
                found[name] = giver
        givers = shop.memory[Giver] = found
    return givers


async def can_give_coupons(shop: Shop, version: SystemVersion) -> bool:
    """Whether the promotion of which a version gives coupons needs them, and has not ended."""
    sql, values = lookup_promotions_of(shop.database.dialect, [version])
    found = promotions_from(await shop.database.read(sql, *values))
    return any(one.needs_coupon and one.ends_at > now() for one in found.values())


def can_give(shop: Shop, version: SystemVersion) -> bool:
    """Whether what a version gives can be had: its kind is there, and somebody gives it."""
    reward = version.reward
    return reward is not None and (reward.kind.name == COUPON.name or reward.kind.name in givers_of(shop))
