"""The rule keeps the laws, and a basket gets what it takes off."""

from regulars_core.testing import try_laws
from regulars_outline import OUTLINE
from regulars_schema.testing import Api


def test_it_keeps_the_laws() -> None:
    try_laws(OUTLINE)


async def total(api: Api, *names: str) -> str:
    """What a basket of such articles costs, at 5.00 each."""
    lines = [{"name": name, "quantity": "1", "unitPrice": "5.00"} for name in names]
    document = "query($input: BasketQuoteInput!) { basketQuote(input: $input) { total { amount } } }"
    found = await api.data(document, input={"lines": lines})
    return str(found["basketQuote"]["total"]["amount"])


async def test_a_basket_gets_what_it_takes_off(api: Api) -> None:
    offer = {"name": "The dearest", "discountRule": {"kind": "OUTLINE"}}
    await api.done("promotionCreate", "promotion { id }", {"promotion": offer})
    assert [await total(api, "Tea"), await total(api, "Tea", "Cup")] == ["4.50", "9.50"]
