"""Names that were typed in capitals or small letters alone, and how they might be written."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars_core.customers.names import suggested
from regulars_schema.testing import Api

WRITTEN = [
    ("JUAN", "PÉREZ", "Juan", "Pérez"),
    ("juan", "perez", "Juan", "Perez"),
    ("Juan", "PÉREZ", "Juan", "Pérez"),
    ("MARÍA DE LOS ÁNGELES", "DE LA CRUZ", "María de los Ángeles", "de la Cruz"),
    ("de", "la", "De", "La"),
    ("ludwig", "VAN BEETHOVEN", "Ludwig", "van Beethoven"),
    ("jean-luc", "o'brien", "Jean-Luc", "O'Brien"),
    ("IAN", "MCDONALD", "Ian", "McDonald"),
    ("JOHN", "SMITH III", "John", "Smith III"),
    ("kim", "do", "Kim", "Do"),
    ("ALİ", "ΠΑΠΑΣ", "Ali", "Παπας"),
    ("heinz", "groß", "Heinz", "Groß"),
    ("", "LI", "", "Li"),
]
FINE = [
    ("Juan", "Pérez"),
    ("", ""),
    ("J.", "de la Cruz"),
    ("J.R.", "McDonald"),
    ("小龙", "李"),
    ("X", "y"),
    ("Ana", "van Beethoven"),
]


@pytest.mark.parametrize(("first", "last", "written_first", "written_last"), WRITTEN)
def test_written(first: str, last: str, written_first: str, written_last: str) -> None:
    found = suggested(first, last)
    assert found is not None
    assert (found.first_name, found.last_name) == (written_first, written_last)


@pytest.mark.parametrize(("first", "last"), FINE)
def test_fine(first: str, last: str) -> None:
    assert suggested(first, last) is None


@given(*[st.text("abcdeilnuvyzÁÉÑÖmcMCDELOVANI -'.", max_size=20).map(str.strip)] * 2)
def test_what_is_suggested_is_fine_and_says_the_same(first: str, last: str) -> None:
    found = suggested(first, last)
    if found is not None:
        assert suggested(found.first_name, found.last_name) is None
        assert (found.first_name.lower(), found.last_name.lower()) == (first.lower(), last.lower())


async def test_customers_and_forms_show_it(api: Api) -> None:
    suggestion = "nameSuggestion { firstName lastName }"
    for first, last in (("JUAN", "PÉREZ"), ("Ana", "Li")):
        await api.done("customerCreate", "customer { id }", {"firstName": first, "lastName": last})
    ordered = "customers(orderBy: {field: CODE})"
    shown: Any = await api.data(f"{{ {ordered} {{ nodes {{ firstName {suggestion} }} }} }}")
    assert shown["customers"]["nodes"] == [
        {"firstName": "JUAN", "nameSuggestion": {"firstName": "Juan", "lastName": "Pérez"}},
        {"firstName": "Ana", "nameSuggestion": None},
    ]
    for typed, wanted in (({"firstName": " eva  maría "}, ("Eva María", "")), ({"lastName": "Sol"}, None)):
        document = f"query($i: CustomerCheckInput!) {{ customerCheck(input: $i) {{ {suggestion} }} }}"
        found = (await api.data(document, i=typed))["customerCheck"]["nameSuggestion"]
        assert found == (wanted and {"firstName": wanted[0], "lastName": wanted[1]})
