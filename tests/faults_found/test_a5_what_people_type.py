"""A5: people find by what they type: without the letters they have no key for, with any number of words, with one error."""

import random
import sys
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars_core.contribution import VERIFICATIONS
from regulars_core.customers.changes import change
from regulars_core.customers.contact import parse_phone
from regulars_core.customers.registration import give_codes, register
from regulars_core.customers.rules import CustomerChanges, NewCustomer, checked
from regulars_core.customers.search.recent import renew
from regulars_core.imports.files.values import store_code
from regulars_core.primitives.clock import Instant, now
from regulars_core.primitives.text import folded
from regulars_core.shop.shop import Shop
from regulars_schema.testing import Api

LONG = "Maria da Conceição de Souza e Silva dos Santos Pereira"


@pytest.fixture
def api(shop: Shop) -> Api:
    return Api.of(shop)


async def enter(shop: Shop, *people: NewCustomer) -> list[str]:
    """The ids of customers who are registered now, one after the other."""
    return await register(shop, await give_codes(shop, [checked(shop.settings, one) for one in people]))


async def names(api: Api, query: str, first: int = 10) -> list[str]:
    """Who is found while somebody types."""
    asked = "query($q: String!, $n: Int) { customerSearch(query: $q, first: $n) { displayName } }"
    return [one["displayName"] for one in (await api.data(asked, q=query, n=first))["customerSearch"]]


async def listed(api: Api, query: str) -> set[str]:
    """Who is found in the list."""
    asked = "query($q: String!) { customers(search: $q, first: 50) { nodes { displayName } } }"
    return {one["displayName"] for one in (await api.data(asked, q=query))["customers"]["nodes"]}


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("Işık Yıldız", ("isik", "ISIK yildiz", "Işık", "ışık")), ("Þórður Ðarri", ("thordur", "darri", "ÞÓRÐUR")),
        ("Ħal Għaxaq", ("hal ghaxaq", "Ħal")), ("Ŧuolbma Næss", ("tuolbma naess",)), ("Əliyev Ənvər", ("eliyev enver",)),
        ("Ǿrsted Ǽgir", ("orsted", "aegir")), ("Ɓala Ɗan Ƙofar", ("bala dan kofar",)), ("Jörg Weiẞ", ("jorg weiss", "WEISS")),
        ("Kaʻahumanu Oʻahu", ("ka'ahumanu", "kaahumanu", "oahu")), ("Joh\u00adann Li", ("johann",)),
        ("राम कुमार", ("राम", "कुमार")), ("علیرضا کریمی", ("عليرضا كريمي",)), ("タロウ ヤマダ", ("たろう", "やまだ")),
        ("Ґанна Қасым", ("ганна касым",)), ("Nguyễn Đức", ("nguyen duc",)), ("Ŋane Œdip", ("nane oedip",)),
    ],
)  # fmt: skip
async def test_a5_letters_without_a_key(shop: Shop, api: Api, name: str, typed: Sequence[str]) -> None:
    first, _, last = name.partition(" ")
    await enter(shop, NewCustomer(first, last), NewCustomer("Somebody", "Else"))
    for query in (name, *typed):
        assert await names(api, query) == [name], query
        assert await listed(api, query) == {name}, query


async def test_a5_one_group_tag_and_city_however_they_are_written(api: Api) -> None:
    await api.done("customerGroupCreate", "customerGroup { id }", {"name": "Altın"})
    for name in ("ALTIN", "Altin", "altın"):
        assert await api.refused("customerGroupCreate", {"name": name}) == ["NAME_TAKEN"]
    given: dict[str, Any] = {
        "firstName": "Ana", "lastName": "Li", "tags": ["Altın", "ALTIN", "Altin"], "billingAddress": {"city": "Diyarbakır"},
    }  # fmt: skip
    made = await api.done("customerCreate", "customer { tags }", given)
    assert made["customer"]["tags"] == ["Altın"]
    for where in ('{ tag: { in: ["ALTIN"] } }', '{ city: { in: ["Diyarbakir"] } }'):
        assert (await api.data(f"{{ customers(where: {where}) {{ totalCount }} }}"))["customers"]["totalCount"] == 1, (
            where
        )


async def test_a5_more_than_eight_words(shop: Shop, api: Api) -> None:
    most = " ".join(f"{a}{b}" for a in "abcdefghij" for b in "abcd")[:119].rsplit(" ", 1)[0]
    company = " ".join(f"{a}{b}{a}" for a in "bcdfghjklm" for b in "aeiou")[:239]
    await enter(
        shop,
        NewCustomer(*LONG.split(" ", 1)),
        NewCustomer(most, most.upper()[::-1]),
        NewCustomer(company_name=company),
        NewCustomer("Ana", "Li"),
    )
    for query in (LONG, LONG.lower(), " ".join(reversed(LONG.split()))):
        assert await names(api, query) == [LONG]
        assert await listed(api, query) == {LONG}
    assert await names(api, f"{most} {most[::-1]}") == [f"{most} {most.upper()[::-1]}"]
    assert await names(api, company) == [company]
    assert await names(api, f"{LONG} Li") == []
    assert await names(api, " ".join(f"{a}{b}" for a in "abcdefghij" for b in "abcdefghijklmnopqrst")) == []


async def test_a5_a_code_and_a_number_in_either_order(shop: Shop, api: Api) -> None:
    one, _ = await enter(
        shop, NewCustomer("Ana", "Li", phone="+34 612 345 678"), NewCustomer("Bea", "Or", phone="+34 612 345 679")
    )
    [row] = await shop.database.rows("SELECT code FROM customer WHERE id = $1", one)
    number = row[0].split("-")[1]
    for typed in (
        f"{row[0]} 612345678", f"612345678 {row[0]}", f"{row[0]} 612 345 678", f"cust {number} 612345678",
        f"612345678 {number}", f"{number} 612345678", f"{number} 612 345 678", f"ana {number} 612345678",
    ):  # fmt: skip
        assert await names(api, typed) == ["Ana Li"], typed
        assert await listed(api, typed) == {"Ana Li"}, typed


async def test_a5_numbers_as_they_are_dialled(shop: Shop, api: Api) -> None:
    await enter(
        shop,
        NewCustomer("Ana", "Li", phone="+34 612 345 678"),
        NewCustomer("Bea", "Or", phone="+52 55 1234 5678"),
        NewCustomer("Cleo", "Ib", phone="+33 6 98 76 54 32"),
        NewCustomer("Dan", "Xu", phone="+44 20 7946 0958"),
    )
    for typed, name in (
        ("0034612345678", "Ana Li"), ("00 34 612 345 678", "Ana Li"), ("011 34 612345678", "Ana Li"), ("34612345678", "Ana Li"),
        ("0034612345", "Ana Li"), ("+34 612", "Ana Li"), ("612 34 56 78", "Ana Li"), ("+52 1 55 1234 5678", "Bea Or"),
        ("044 55 1234 5678", "Bea Or"), ("045 5512345678", "Bea Or"), ("01 55 1234 5678", "Bea Or"), ("+52 1 55 12", "Bea Or"),
        ("5215512345678", "Bea Or"), ("55 1234", "Bea Or"), ("٥٥ ١٢٣٤ ٥٦٧٨", "Bea Or"), ("06 98 76 54 32", "Cleo Ib"),
        ("+33 (0)6 98 76 54 32", "Cleo Ib"), ("0044 (0)20 7946 0958", "Dan Xu"), ("0044 20 7946 0958", "Dan Xu"),
    ):  # fmt: skip
        assert (await names(api, typed))[:1] == [name], typed
        assert name in await listed(api, typed), typed


@pytest.mark.parametrize(
    "typed",
    [
        "+52 1 55 1234 5678",
        "044 55 1234 5678",
        "045 55 1234 5678",
        "01 55 1234 5678",
        "(01) 55-1234-5678",
        "00 52 1 55 1234 5678",
    ],
)
async def test_a5_mexican_numbers_as_they_were_dialled(api: Api, typed: str) -> None:
    given = {"firstName": "Ana", "lastName": "Li", "phone": typed}
    made = await api.done("customerCreate", "customer { phone }", given)
    assert made["customer"]["phone"] == "+525512345678"
    again = await api.done("customerCreate", "created", {**given, "matchOn": ["PHONE"]})
    assert again["created"] is False


def test_a5_numbers_that_are_none_are_none_still() -> None:
    for typed in (
        "044 55 1234 567",
        "+52 1 55 1234 56789",
        "1 55 1234 5678 9",
        "+1 52 1 55",
        "00",
        "0034",
        "01",
        "+52 1",
    ):
        assert parse_phone(typed, "MX") is None, typed
    assert parse_phone("01 23 45 67 89", "FR") == "+33123456789"


async def test_a5_one_error_is_tolerated(shop: Shop, api: Api) -> None:
    await enter(
        shop,
        NewCustomer("Juan", "García"),
        NewCustomer("Marta", "Pérez"),
        NewCustomer("Ana", "Li"),
        NewCustomer("Bo", "Or"),
    )
    for typed, name in (
        ("garsia", "Juan García"), ("Peres", "Marta Pérez"), ("Anna", "Ana Li"), ("juan garsia", "Juan García"),
        ("peres marta", "Marta Pérez"), ("jaun garcia", "Juan García"), ("garci a", "Juan García"), ("ana lii", "Ana Li"),
    ):  # fmt: skip
        assert await names(api, typed) == [name], typed
    for typed in ("ans", "garsja", "juan peres", "xyz garsia", "garsia@x.example", "5512", "garsi", "g"):
        assert [name for name in await names(api, typed) if name != "Juan García" or typed != "g"] == [], typed


async def test_a5_exact_ones_come_first(shop: Shop, api: Api) -> None:
    await enter(
        shop, NewCustomer("Anna", "Li"), NewCustomer("Ana", "Or"), NewCustomer("Hanna", "Xu"), NewCustomer("Anne", "Ib")
    )
    assert await names(api, "Anna") == ["Hanna Xu", "Anna Li", "Anne Ib", "Ana Or"]
    assert await names(api, "Anna", 2) == ["Hanna Xu", "Anna Li"]
    await enter(shop, NewCustomer("Joanna", "Li"))
    assert await names(api, "Anna") == ["Joanna Li", "Hanna Xu", "Anna Li"], "three are enough"


async def test_a5_a_word_is_known_as_long_as_somebody_is_called_so(shop: Shop, api: Api) -> None:
    one, other = await enter(shop, NewCustomer("Wilma", "Quist"), NewCustomer("Alma", "Quist"))
    assert await names(api, "Vilma") == ["Wilma Quist"]
    assert await names(api, "Quits") == ["Alma Quist", "Wilma Quist"]
    await change(shop, one, CustomerChanges(first_name="Zelda", last_name="Rist"))
    assert await names(api, "Vilma") == []
    assert await names(api, "Zelta") == ["Zelda Rist"]
    assert await names(api, "Quits") == ["Alma Quist"]
    await shop.database.transaction(lambda: shop.database.run("DELETE FROM customer WHERE id = $1", other))
    words = {row[0] for row in await shop.database.rows("SELECT word FROM name_spelling WHERE key = word")}
    assert words == {"zelda", "rist"}


async def test_a5_words_of_names_are_verified(shop: Shop) -> None:
    [verification] = [one for one in VERIFICATIONS if one.name == "name-spellings"]
    one, other = await enter(
        shop, NewCustomer("Wilma", "Quist", preferred_name="Billie"), NewCustomer(company_name="Quist & Co")
    )

    async def wrong() -> list[str]:
        return [sentence async for sentence in verification.differences(shop)]

    assert await wrong() == []
    await shop.database.transaction(lambda: shop.database.run("DELETE FROM name_spelling WHERE key = '*uist'"))
    await shop.database.transaction(
        lambda: shop.database.run(
            "INSERT INTO name_spelling (key, word) VALUES ('nobody', 'nobody'), ('billie', 'billie')"
        )
    )
    told = await wrong()
    assert told[:2] == [f"customer_{id_}: a word of the name is not there for who mistypes it" for id_ in (one, other)]
    assert len(told) == 3
    assert told[2].endswith("nobody is called so")


ERRORS: dict[str, Callable[[random.Random, str, int], str]] = {
    "one left out": lambda _, word, n: word[:n] + word[n + 1 :],
    "one too many": lambda chance, word, n: word[:n] + chance.choice("aeiklmnrst") + word[n:],
    "another one": lambda chance, word, n: word[:n] + chance.choice("bdfghjpuvwz") + word[n + 1 :],
    "two have changed places": lambda _, word, n: (
        word[: max(n - 1, 0)] + word[max(n - 1, 0) : n + 1][::-1] + word[n + 1 :]
    ),
    "doubled": lambda _, word, n: word[:n] + word[n] + word[n:],
    "the first one": lambda chance, word, _: chance.choice("bcdfghjk") + word[1:],
    "the last one": lambda chance, word, _: word[:-1] + chance.choice("bcdfghjk"),
    "a space": lambda _, word, n: f"{word[: max(n, 1)]} {word[max(n, 1) :]}",
}
_SYLLABLES = (
    "ba",
    "cor",
    "del",
    "fan",
    "gu",
    "hil",
    "jo",
    "kan",
    "lem",
    "mi",
    "nor",
    "pet",
    "qui",
    "ros",
    "sol",
    "tur",
    "vi",
    "zen",
)


def invented(chance: random.Random) -> str:
    """A name of two to four syllables."""
    return "".join(chance.choices(_SYLLABLES, k=chance.randint(2, 4)))


@pytest.mark.parametrize("copied", [False, True], ids=["none-copied", "copied"])
async def test_a5_names_with_one_error_are_found(shop: Shop, api: Api, copied: bool) -> None:
    chance = random.Random(5)
    people = [
        NewCustomer(invented(chance).title(), invented(chance).title(), created_at=Instant(now() - n))
        for n in range(600)
    ]
    await enter(shop, *people)
    if copied:
        await renew(shop.database)
    for error, wrongly in ERRORS.items():
        missed = []
        for one in chance.sample(people, 12):
            wanted = [one.first_name or "", one.last_name or ""]
            typed = list(wanted)
            which = chance.randrange(2)
            typed[which] = wrongly(chance, typed[which].lower(), chance.randrange(len(typed[which])))
            if " ".join(wanted) not in await names(api, " ".join(typed)):
                missed.append((wanted, typed))
        assert not missed, (error, missed)


@given(st.text(max_size=30))
def test_a5_folding_once_is_enough(text: str) -> None:
    assert folded(folded(text)) == folded(text)


def letters() -> Iterator[str]:
    """Every letter of the scripts in which letters have something to them, but for what only ancient Greek has."""
    for code in range(0x80, sys.maxunicode):
        name = unicodedata.name(chr(code), "")
        if (
            name.startswith(("LATIN ", "CYRILLIC ", "GREEK "))
            and chr(code).isalpha()
            and "IOTA" not in name
            and "GEGRAMMENI" not in name
        ):
            yield chr(code)


def test_a5_every_letter_is_folded_alike_in_both_cases() -> None:
    different = [
        one for one in letters() if not folded(one) == folded(one.upper()) == folded(one.lower()) == folded(folded(one))
    ]
    assert different == []
    european = [
        chr(code) for block in (range(0xC0, 0x250), range(0x1E00, 0x1F00)) for code in block if chr(code).isalpha()
    ]
    assert {one for one in european if not folded(one).isascii()} <= set("ƄƅƍƧƨƪƱƸƹƺƻƼƽƾǀǁǂǃɁɂỽỼẟƛ")


def test_a5_stores_of_files_keep_their_codes() -> None:
    """What a file's store is called becomes its code, by which its purchases are recognised: folding otherwise would record them
    all again."""
    told = {"Kadıköy": "KADKOY", "Żabka 24": "ZABKA24", "Straße": "STRASSE", "Þing": "ING", "Ana_Li": "ANALI"}
    assert {name: store_code(name) for name in told} == told
