"""Tax ids that cannot be one where the shop is: told in the office if the shop wants to know, and never at the till."""

import pytest
from stdnum import get_cc_module

from regulars_core.primitives.tax_ids import _BESIDE, is_tax_id
from regulars_core.testing import OpenShop
from regulars_schema.testing import Api

RIGHT = {
    "AR": ["20-05536168-2"], "BR": ["390.533.447-05", "16.727.230/0001-97"], "CH": ["CHE-107.787.577 IVA"],
    "CL": ["12.531.909-2"], "CN": ["110011199001011234"], "CO": ["213.123.432-1"], "DE": ["DE 136,695 976", "36 574 261 809"],
    "ES": ["54362315-K", "X-2482300W", "J99216582"], "FR": ["Fr 40 303 265 045", "552 008 443"], "GB": ["GB 980 7806 84"],
    "IT": ["RCCMNL83S18D969H", "IT 00743110157"], "MX": ["GODE561231GR8", "gode-561231-gr8", "XAXX010101000", "H&E951128469"],
    "NL": ["NL4495445B01", "111222333"],
    "US": ["536-90-4399", "91-1144442"], "PT": ["PT 501 964 843"], "XX": ["whatever"], "LI": ["00001234567"],
}  # fmt: skip
WRONG = {
    "AR": ["20267565392"], "BR": ["390.533.447-06", "111.111.111-11"], "CL": ["76086A28-5", "12.531.909-3"], "CO": ["2131234325"],
    "ES": ["54362315Z", "54362315"], "FR": ["84 323 140 391"], "GB": ["802311781"], "MX": ["GODE561331GR8", "AB", "1" * 13],
    "RU": ["0000000000"], "US": ["536-90-439", "²" * 9], "PT": ["501964842", "５０１９６４８４２"],
}  # fmt: skip


@pytest.mark.parametrize("country", sorted({*RIGHT, *WRONG}))
def test_what_may_be_one(country: str) -> None:
    assert [one for one in RIGHT.get(country, ()) if not is_tax_id(one, country)] == []
    assert [one for one in WRONG.get(country, ()) if is_tax_id(one, country)] == []


def test_all_kinds_are_known() -> None:
    assert [one for one, kinds in _BESIDE.items() for kind in kinds if get_cc_module(one, kind) is None] == []


async def test_it_is_told_and_stops_no_till(open_shop: OpenShop) -> None:
    plain, api = Api.of(await open_shop(country="ES")), Api.of(await open_shop(country="ES", tax_id_check="country"))
    person = {"firstName": "Ana", "lastName": "Li", "force": True}
    wrong = {**person, "taxId": "54362315Z"}
    made = await plain.done("customerCreate", "customer { id }", wrong)
    id_ = made["customer"]["id"]
    answer = await api.do("customerCreate", "customer { id }", {**wrong, "email": "nobody"})
    assert [(one["code"], one["path"][-1]) for one in answer["userErrors"]] == [
        ("INVALID_EMAIL", "email"),
        ("INVALID_TAX_ID", "taxId"),
    ]
    assert "54362315" not in str(answer)
    # What is there stays, also where a form sends it again; another one must be right.
    await api.done("customerUpdate", "customer { id }", {"id": id_, "firstName": "Eva", "taxId": "54362315Z"})
    assert await api.refused("customerUpdate", {"id": id_, "taxId": "54362315"}) == ["INVALID_TAX_ID"]
    await api.done("customerUpdate", "customer { id }", {"id": id_, "taxId": "ES 54362315-K"})
    await api.done("customerUpdate", "customer { id }", {"id": id_, "taxId": None})
    sale = {
        "reference": "R1",
        "lines": [{"name": "Tea", "total": "5.00"}],
        "customer": {"firstName": "Bo", "taxId": "7"},
    }
    sold = await api.done("purchaseRecord", "purchase { customer { taxId } }", sale)
    assert sold["purchase"]["customer"] == {"taxId": "7"}
