"""Sales while offers cannot be computed: nothing that was told is dropped without a word."""

import pytest

from regulars_rewards.quotes import quoting
from tests.rewards.sales.conftest import OpenTill
from tests.rewards.sales.test_told_over_limits import TEA


def _fail(*_: object) -> None:
    raise ValueError("out of order")


@pytest.mark.parametrize("setting", ["STRICT", "TRUST"])
async def test_a_code_that_is_told_alone(open_till: OpenTill, setting: str, monkeypatch: pytest.MonkeyPatch) -> None:
    till = await open_till(rewards_offers=setting)
    promotion = await till.promotion("Ten", needsCoupon=True)
    await till.coupon(promotion, "WELCOME10")
    monkeypatch.setattr(quoting, "quotes", _fail)
    if setting == "STRICT":
        [changed] = await till.refused(lines=[TEA], couponCodes=["WELCOME10"])
        assert (changed["code"], changed["path"], changed["quote"]) == (
            "OFFERS_CHANGED", ["input", "couponCodes"], None,
        )  # fmt: skip
    else:
        sold = await till.sold(lines=[TEA], couponCodes=["WELCOME10"])
        assert sold["offerCheck"]["isDifferent"]
        assert sold["offerCheck"]["obstacles"] == [{"reason": "UNAVAILABLE", "leaf": None}]
