"""Codes by the ten thousand: all of them or none, found by their state, and told to plugins."""

from typing import Any

import pytest

from regulars_core.plugin import Refused, Shop, hookimpl, new_id
from regulars_rewards.coupons import issuing
from regulars_rewards.coupons.codes import ALPHABET, check_symbol
from regulars_rewards.coupons.issuing import Terms, generate
from regulars_rewards.hookspecs import IssuedCoupon, UsedOffer
from tests.rewards.conftest import OpenRewards
from tests.rewards.coupons.shop_owner import Owner


class Letters:
    """Hears what is issued and used."""

    def __init__(self) -> None:
        self.issued: list[IssuedCoupon] = []
        self.used: list[UsedOffer] = []

    @hookimpl(optionalhook=True)
    async def rewards_coupons_issued(self, coupons: list[IssuedCoupon]) -> None:
        self.issued += coupons

    @hookimpl(optionalhook=True)
    async def rewards_offers_used(self, uses: list[UsedOffer]) -> None:
        self.used += uses


async def coupons_there(shop: Shop) -> int:
    [(count,)] = await shop.database.rows("SELECT count(*) FROM rewards_coupon")
    return int(count)


async def test_ten_thousand_at_once(open_rewards: OpenRewards) -> None:
    letters = Letters()
    owner = Owner(await open_rewards({"letters": letters}))
    offer = await owner.promotion()
    made = await owner.api.done("couponsGenerate", "batch { id couponCount }", {"promotionId": offer, "count": 10_000})
    assert made["batch"]["couponCount"] == 10_000
    assert await coupons_there(owner.shop) == len({one.code for one in letters.issued}) == 10_000
    shown = await owner.api.data(
        "query($id: ID!) { promotion(id: $id) {"
        " all: coupons(first: 2) { totalCount nodes { batch { id } actor } }"
        " none: coupons(where: {not: {state: {in: [ISSUED]}}}) { totalCount } } }",
        id=offer,
    )
    nodes = [{"batch": {"id": made["batch"]["id"]}, "actor": "till"}] * 2
    assert shown["promotion"] == {"all": {"totalCount": 10_000, "nodes": nodes}, "none": {"totalCount": 0}}


async def test_codes_that_are_drawn_twice_are_drawn_anew(rewards: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = Owner(rewards)
    offer = await owner.promotion()
    await owner.code(offer, "AAAA2222")
    drawn = iter(["AAAA2222", "AAAA3333", "AAAA3333", "AAAA3333", "AAAA2222", "AAAA4444"])
    monkeypatch.setattr(issuing, "random_codes", lambda count, length, prefix: [next(drawn) for _ in range(count)])

    async def work() -> str:
        return await generate(rewards, Terms(offer.removeprefix("promotion_")), count=2)

    await rewards.database.transaction(work)
    rows = await rewards.database.rows("SELECT code FROM rewards_coupon ORDER BY code")
    assert [row[0] for row in rows] == ["AAAA2222", "AAAA3333", "AAAA4444"]


async def test_a_space_that_is_full_is_noticed_by_what_is_drawn(rewards: Shop) -> None:
    """Nobody counts the codes that there are, and nobody draws for ever."""
    owner = Owner(rewards)
    terms = Terms((await owner.promotion()).removeprefix("promotion_"))
    all_of_two = [one + other + check_symbol(one + other) for one in ALPHABET for other in ALPHABET]

    async def filled() -> None:
        await generate(rewards, terms, codes=all_of_two)

    async def one_more() -> None:
        await generate(rewards, terms, count=1, length=2)

    async def too_many() -> None:
        await generate(rewards, terms, count=481, length=2)

    await rewards.database.transaction(filled)
    for work in (one_more, too_many):
        with pytest.raises(Refused) as refused:
            await rewards.database.transaction(work)
        assert [(one.code, one.path) for one in refused.value.problems] == [("CODE_SPACE_TOO_SMALL", ("count",))]
    assert await coupons_there(rewards) == len(ALPHABET) ** 2


async def test_generating_looks_at_no_more_than_it_makes(rewards: Shop) -> None:
    """As many statements whatever there is already: the promotion, whether drawn codes are somebody's, and what is written."""
    owner, counts = Owner(rewards), []
    given = {"promotionId": await owner.promotion(), "count": 200}
    for _ in range(3):
        with rewards.database.counting() as counted:
            await owner.api.done("couponsGenerate", "batch { id }", given)
        counts.append(len(counted))
        assert not [one for one in counted if "count(*) FROM rewards_coupon" in str(one)]
    assert len(set(counts)) == 1, counts


async def test_what_is_of_random_codes_alone(rewards: Shop) -> None:
    owner = Owner(rewards)
    given = {"promotionId": await owner.promotion(), "codes": ["SUMMER10"], "length": 8, "prefix": "SU"}
    told = await owner.problems("couponsGenerate", **given)
    assert told == [("INVALID_CODE", "input.length"), ("INVALID_CODE", "input.prefix")]
    assert await coupons_there(rewards) == 0


async def test_all_or_none(rewards: Shop) -> None:
    owner = Owner(rewards)
    offer = await owner.promotion()
    await owner.code(offer, "TAKEN100")
    codes = [*(f"NEW-{n:04}" for n in range(60)), "taken-100"]
    assert await owner.problems("couponsGenerate", promotionId=offer, codes=codes) == [("CODE_TAKEN", "input.codes.60")]
    assert await coupons_there(rewards) == 1
    assert await rewards.database.rows("SELECT id FROM rewards_batch WHERE coupon_count > 1") == []


async def test_what_is_told_of_uses(open_rewards: OpenRewards) -> None:
    letters = Letters()
    owner = Owner(await open_rewards({"letters": letters}))
    offer, ana = await owner.promotion(), await owner.customer()
    code = (await owner.issued(offer, ana))["code"]
    await owner.reserved(code, "B1", customerId=ana)
    use = await owner.redeemed(code, customerId=ana, basket="B1", amount={"amount": "2.00", "currencyCode": "USD"})
    await owner.api.done("couponUnredeem", "coupon { id }", {"useId": use["id"]})
    assert [(one.state, one.amount) for one in letters.used] == [("RESERVED", 0), ("REDEEMED", 200), ("RELEASED", 200)]
    assert {one.id for one in letters.used} == {use["id"].removeprefix("offeruse_")}
    assert [(one.code, one.actor) for one in letters.issued] == [(code, "till")]


async def test_who_has_which_coupons(owner_of_two: tuple[Owner, str, str, str]) -> None:
    owner, offer, ana, bo = owner_of_two

    async def found(**where: Any) -> set[str]:
        document = "query($where: CustomerWhere!) { customers(where: $where) { nodes { id } } }"
        return {one["id"] for one in (await owner.api.data(document, where=where))["customers"]["nodes"]}

    other = await owner.promotion()
    code = (await owner.issued(offer, ana))["code"]
    await owner.issued(other, bo)
    assert await found(coupon={}) == {ana, bo}
    assert await found(coupon={"promotion": [offer]}) == {ana}
    assert await found(coupon={"promotion": []}) == set()
    assert await found(usedPromotion={"in": [offer, other]}) == set()
    await owner.reserved(code, "B1", customerId=ana)
    assert await found(usedPromotion={"in": [offer]}) == set()
    assert await found(coupon={"state": ["RESERVED"]}) == {ana}
    use = await owner.redeemed(code, customerId=ana, basket="B1")
    assert await found(usedPromotion={"in": [offer]}) == {ana}
    assert await found(**{"not": {"coupon": {"promotion": [offer]}}}) == {ana, bo}  # hers is used up
    assert await found(coupon={"promotion": [offer], "state": ["REDEEMED", "EXPIRED"]}) == {ana}
    await owner.api.done("couponUnredeem", "coupon { id }", {"useId": use["id"]})
    assert await found(usedPromotion={"in": [offer]}) == set()
    await owner.api.done("promotionEnd", "promotion { id }", {"id": other})
    assert await found(coupon={"state": ["EXPIRED"]}) == {bo}


@pytest.fixture
async def owner_of_two(rewards: Shop) -> tuple[Owner, str, str, str]:
    owner = Owner(rewards)
    return owner, await owner.promotion(), await owner.customer(), await owner.customer("Bo")


async def test_twice_under_one_key(owner_of_two: tuple[Owner, str, str, str]) -> None:
    """What is kept under a key is told again; what is not can be mended."""
    owner, offer, ana, _ = owner_of_two

    async def told(mutation: str, **given: Any) -> list[str]:
        return [code for code, _ in await owner.problems(mutation, **given)]

    of = {"promotionId": offer, "customerId": ana, "idempotencyKey": "K1"}
    first = await owner.issued(**{"promotion_id": offer, "customer_id": ana, "idempotencyKey": "K0"})
    assert await owner.issued(**{"promotion_id": offer, "customer_id": ana, "idempotencyKey": "K0"}) == first
    assert await told("couponIssue", **of, usageLimit=0) == ["OUT_OF_RANGE"]
    assert await told("couponIssue", **of, code="CHOSEN10") == []
    taken = {**of, "code": "chosen-10", "idempotencyKey": "K2"}
    assert await told("couponIssue", **taken) == ["CODE_TAKEN"]
    assert await told("couponIssue", **taken) == ["CODE_TAKEN"]
    redeem = {"couponCode": first["code"], "idempotencyKey": "K3"}
    assert await told("couponRedeem", **redeem) == ["COUPON_REFUSED"]
    assert await told("couponRedeem", **redeem) == ["COUPON_REFUSED"]
    mine = {"couponCode": first["code"], "customerId": ana, "idempotencyKey": "K4"}
    assert await told("couponRedeem", **mine) == await told("couponRedeem", **mine) == []
    nowhere = {"useId": f"offeruse_{new_id()}", "idempotencyKey": "K5"}
    assert await told("couponUnredeem", **nowhere) == ["NOT_FOUND"]
    reserved = await owner.reserved("CHOSEN10", "B1", customerId=ana)
    assert await owner.problems("couponUnredeem", useId=reserved["id"]) == [("NOT_REVERSIBLE", "input.useId")]
    assert await owner.problems("couponRelease", couponCode="NOSUCH22", basket="B1") == [
        ("NOT_FOUND", "input.couponCode")
    ]
    assert await owner.problems("couponReserve", couponCode="CHOSEN10", basket="  ") == [("REQUIRED", "input.basket")]
    assert await owner.problems("couponReserve", couponCode="CHOSEN10", basket="x" * 121) == [
        ("TOO_LONG", "input.basket")
    ]
    nobody = {"couponCode": "CHOSEN10", "customerId": f"customer_{new_id()}", "basket": "B1"}
    assert await owner.problems("couponReserve", **nobody) == [("NOT_FOUND", "input.customerId")]
    euros = {"couponCode": "CHOSEN10", "customerId": ana, "amount": {"amount": "1.00", "currencyCode": "EUR"}}
    assert await owner.problems("couponRedeem", **euros) == [("CURRENCY_MISMATCH", "input.amount.currencyCode")]
    none = {"couponCode": "CHOSEN10", "customerId": ana, "amount": {"amount": "0.00"}}
    assert await owner.problems("couponRedeem", **none) == [("INVALID_AMOUNT", "input.amount.amount")]
