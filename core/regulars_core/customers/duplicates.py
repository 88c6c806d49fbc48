"""Who a customer may be already: looked up by one statement, and weighed.

What is looked up is whole: the same e-mail address, phone number or tax id, the same name without case, accents and
punctuation. How likely it is that two are one stands in `likeness`: there names need only be similar, as `likeness.names` has it.
Nobody is one with another by the phone alone: households share it.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from typing import Any

from regulars_core.customers.attributes.rules import CheckedAttribute
from regulars_core.customers.attributes.uniqueness import owners_of, unique_keys_of
from regulars_core.customers.likeness.names import Called, companies_called, people_called
from regulars_core.customers.rules import CheckedCustomer, company_key, tax_key
from regulars_core.customers.rules import sort_name as name_key
from regulars_core.customers.sealed import tax_key_forms
from regulars_core.database import Engine, Lookup
from regulars_core.primitives.errors import Problem, Questioned, Refused
from regulars_core.primitives.text import camel
from regulars_core.shop.shop import Shop

MAX_MATCHES = 5
LEAST_TOLD = 50
"""The score from which on a likeness is told."""
_MAX_OF_A_KIND = 20
"""Customers that are looked at who share one value. Many share a name; an e-mail address, a phone or a tax id few."""
_TAIL = 7
ALLOWED_ONCE = "Another customer has this, and the shop allows it once."


@dataclass(frozen=True, slots=True)
class Traits:
    """What somebody is recognised by, in the form in which it is compared; None for what is not known.

    `name` is that of a person, or of a company where `is_company`; only names of the same kind are compared.
    """

    email: str | None = None
    phone: str | None = None
    phone_tail: str | None = None
    tax_id: str | None = None
    name: str | None = None
    birth_date: str | None = None
    is_company: bool = False

    @classmethod
    def of(cls, columns: Mapping[str, Any], *, is_company: bool) -> "Traits":
        """Those of a customer with these columns."""
        if is_company:
            name = company_key(columns["company_name"])
        else:
            name = name_key(columns["first_name"] or "", columns["last_name"] or "") or None
        phone = columns["phone"]
        tax_id, born = tax_key(columns["tax_id"]), columns["birth_date"]
        return cls(columns["email"], phone, _tail(phone), tax_id, name, born, is_company)

    def only(self, told: Set[str]) -> "Traits":
        """Without those that must not be told."""
        hidden: dict[str, Any] = dict.fromkeys(PERSONAL_TRAITS - told)
        return replace(self, **hidden) if hidden else self


PERSONAL_TRAITS = frozenset({"email", "phone", "phone_tail", "tax_id", "birth_date"})
"""What tells more than a name: a likeness in it is told to callers who may know it."""
ATTRIBUTE, SENSITIVE_ATTRIBUTE = "ATTRIBUTE", "SENSITIVE_ATTRIBUTE"
"""Stand beside the traits for values of unique attributes, which are the shop's own."""
ALL_TRAITS = PERSONAL_TRAITS | {ATTRIBUTE, SENSITIVE_ATTRIBUTE}
"""Whatever a likeness can be in."""


@dataclass(frozen=True, slots=True)
class Match:
    """A customer who may be the one at hand: why, and how likely, from 50 to 100."""

    customer_id: str
    reasons: Sequence[str]
    score: int


@dataclass(frozen=True, slots=True)
class PossibleDuplicates(Problem):
    """The customer may be there already. `matches` are Matches as plain JSON, the likeliest first, as far as the caller may be
    told of them."""

    matches: Sequence[Mapping[str, Any]] = ()

    @property
    def likely(self) -> Sequence[Match]:
        """The matches."""
        return [Match(**match) for match in self.matches]


@dataclass(frozen=True, slots=True)
class Alike:
    """A customer who shares something with the one at hand, or a record that was merged into that customer: `code` and `traits`
    are the record's."""

    id: str
    code: str
    traits: Traits


@dataclass(frozen=True, slots=True)
class Look:
    """How a new customer is looked at before it is registered.

    `refuses`: whether somebody is asked back who is likely there already. `is_strict`: whether values that the shop keeps apart
    are. `told` are the traits by which the caller may be told who it is. `is_asked`: whether it is refused for the attributes
    that the shop requires, of which none was given.
    """

    refuses: bool
    is_strict: bool
    is_asked: bool = False
    told: Set[str] = ALL_TRAITS


def likeness(one: Traits, other: Traits) -> tuple[Sequence[str], int]:
    """Why two may be the same, the likeliest reason first, and how likely that is, 0 to 100."""
    scores = scored(one, other)
    return sorted(scores, key=lambda reason: (-scores[reason], reason)), max(scores.values(), default=0)


def scored(one: Traits, other: Traits) -> Mapping[str, int]:
    """Why two may be the same, and how likely each reason by itself makes it."""
    called = _called(one, other)
    is_born_otherwise = _born_otherwise(one.birth_date, other.birth_date)
    scores: dict[str, int] = {}
    if _same(one.tax_id, other.tax_id):
        scores["TAX_ID"] = 100
    if _same(one.email, other.email):
        scores["EMAIL"] = 95
    if is_one_phone := _same(one.phone, other.phone):
        if called is not None and called >= Called.ALIKE and not is_born_otherwise:
            scores["PHONE"] = 90
        else:
            is_another = _others(one, other, called) or is_born_otherwise
            scores["PHONE"] = 55 if is_another else 80
    if called is not None:
        scores |= _by_name(one, other, called, is_one_phone=is_one_phone, is_born_otherwise=is_born_otherwise)
    return scores


def _by_name(
    one: Traits, other: Traits, called: Called, *, is_one_phone: bool, is_born_otherwise: bool
) -> Mapping[str, int]:
    """What names tell together with a date of birth, or the end of a telephone number, or alone."""
    is_one_tail = _same(one.phone_tail, other.phone_tail)
    if _same(one.birth_date, other.birth_date):
        by_birth = _WITH_BIRTH_DATE.get(called, 75 if called == Called.BY_GIVEN_NAME and is_one_tail else 0)
        if by_birth:
            return {"NAME_AND_BIRTH_DATE": by_birth}
    elif is_one_tail and not is_one_phone and not is_born_otherwise and called in _WITH_PHONE_TAIL:
        return {"NAME_AND_PHONE_TAIL": _WITH_PHONE_TAIL[called]}
    return {"NAME": LEAST_TOLD} if called >= Called.ALIKE else {}


_WITH_BIRTH_DATE = {Called.THE_SAME: 85, Called.ALIKE: 85, Called.BY_ONE_FAMILY: 75, Called.UNCLEAR: 60}
_WITH_PHONE_TAIL = {Called.THE_SAME: 75, Called.ALIKE: 75, Called.BY_ONE_FAMILY: 60, Called.UNCLEAR: 60}


def _called(one: Traits, other: Traits) -> Called | None:
    """How alike their names are; None where one has none."""
    if one.name is None or other.name is None:
        return None
    if one.is_company != other.is_company:
        return Called.OTHERWISE
    return companies_called(one.name, other.name) if one.is_company else people_called(one.name, other.name)


def _same(one: str | None, other: str | None) -> bool:
    return one is not None and one == other


def _others(one: Traits, other: Traits, called: Called | None) -> bool:
    """Whether two with one phone are told apart by name or e-mail."""
    is_called_otherwise = called is not None and called != Called.UNCLEAR and called < Called.ALIKE
    return is_called_otherwise or bool(one.email and other.email and one.email != other.email)


def _born_otherwise(one: str | None, other: str | None) -> bool:
    """Whether both dates are known, and it is no slip of a single digit or of day and month that makes them differ: a father and
    a son may have one name and one telephone."""
    if one is None or other is None or one == other:
        return False
    if one[:4] == other[:4] and one[5:7] == other[8:] and one[8:] == other[5:7]:
        return False
    return sum(a != b for a, b in zip(one, other, strict=True)) > 1 if len(one) == len(other) else True


def _tail(phone: str | None) -> str | None:
    return phone[-_TAIL:] if phone else None


def matches_among(one: Traits, others: Sequence[Alike]) -> list[Match]:
    """Who of these it may be, the likeliest first, those who were registered first before others."""
    found = [(other.id, *likeness(one, other.traits)) for other in others]
    likely = [Match(id_, reasons, score) for id_, reasons, score in found if score >= LEAST_TOLD]
    best: dict[str, Match] = {}
    for match in sorted(likely, key=lambda match: (-match.score, match.customer_id)):
        best.setdefault(match.customer_id, match)
    return list(best.values())


RECORD_COLUMNS = (
    "id, code, email, phone, tax_key, is_company, sort_name, company_key, birth_date, first_name, last_name,"
    " merged_into_id"
)
"""What is read of a record to compare it with another."""


REQUIRED_ATTRIBUTES = (
    "SELECT NULL, name, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM customer_attribute_definition"
    " WHERE is_required"
)
"""The names of the attributes that the shop requires, in place of codes among RECORD_COLUMNS: rows without an id."""


def looks_alike(engine: Engine, code: str | None, traits: Traits, tax_keys: Sequence[str] = ()) -> Lookup | None:
    """What finds those with this code and those who share a trait, a few of each kind and each from an index; None for what
    nobody can share. `tax_keys` are all forms in which the tax id may be kept, if there are others than the compared one."""
    name = "company_key" if traits.is_company else "sort_name"
    given = {
        "code": code, "email": traits.email, "phone": traits.phone, "tax_key": traits.tax_id, name: traits.name,
    }  # fmt: skip
    columns = tuple(column for column, value in given.items() if value is not None)
    others = [key for key in tax_keys if key != traits.tax_id] if traits.tax_id is not None else []
    values = [*(value for value in given.values() if value is not None), *others]
    if traits.name is not None and traits.birth_date is not None and not traits.is_company:
        return _union(engine, columns, born=True, tax_keys=len(others)), [*values, traits.birth_date]
    return (_union(engine, columns, born=False, tax_keys=len(others)), values) if columns else None


_INDEXES = {
    "email": "customer_email",
    "phone": "customer_phone",
    "tax_key": "customer_tax_id",
    "company_key": "customer_company",
    "sort_name": "customer_by_name",
    "birth_date": "customer_birth_and_name",
}


@lru_cache(maxsize=128)
def _union(engine: Engine, columns: tuple[str, ...], *, born: bool, tax_keys: int = 0) -> str:
    places = {column: f"${number}" for number, column in enumerate(columns, 1)}
    conditions = {column: f"{column} = {place}" for column, place in places.items()}
    if tax_keys:
        others = "".join(f", ${len(columns) + n}" for n in range(1, tax_keys + 1))
        conditions["tax_key"] = f"tax_key IN ({places['tax_key']}{others})"
    if "sort_name" in places:
        # Namesakes come in the order of their index, those who were registered first before others.
        conditions["sort_name"] += " AND NOT is_company ORDER BY id"
    if "company_key" in places:
        conditions["company_key"] += " AND is_company"
    if born:
        conditions["birth_date"] = f"sort_name = {places['sort_name']} AND birth_date = ${len(columns) + tax_keys + 1}"
    return " UNION ALL ".join(
        f"SELECT * FROM (SELECT {RECORD_COLUMNS} FROM customer{_by_index(engine, kind)} WHERE {condition}"
        f" LIMIT {_MAX_OF_A_KIND}) of_{kind}"
        for kind, condition in conditions.items()
    )


def _by_index(engine: Engine, kind: str) -> str:
    """SQLite reads the whole table for what few have, such as a tax id: to its statistics all who have none are alike."""
    return f" INDEXED BY {_INDEXES[kind]}" if engine == "sqlite" and kind in _INDEXES else ""


async def alike(shop: Shop, code: str | None, traits: Traits) -> list[Alike]:
    """The customers with this code and those who share a trait."""
    return (await _alike(shop, code, traits, ""))[0]


async def alike_and_required(shop: Shop, code: str, traits: Traits) -> tuple[list[Alike], list[str]]:
    """The same, and the names of the attributes that the shop requires, in one statement."""
    found, required = await _alike(shop, code, traits, f" UNION ALL {REQUIRED_ATTRIBUTES}")
    return found, sorted(required)


async def _alike(shop: Shop, code: str | None, traits: Traits, besides: str) -> tuple[list[Alike], list[str]]:
    forms = tax_key_forms(shop.seals, traits.tax_id)
    lookup = looks_alike(shop.database.engine, code, traits, forms)
    if lookup is None:
        return [], []
    rows = await shop.database.read(lookup[0] + besides, *lookup[1])
    found = {row[0]: row for row in rows if row[0] is not None}
    return [alike_of(row, traits.tax_id, forms) for row in found.values()], [row[1] for row in rows if row[0] is None]


def alike_of(row: Any, tax_id: str | None = None, forms: Sequence[str] = ()) -> Alike:
    """What these RECORD_COLUMNS tell of a record. A tax id that is kept in one of these forms is this one."""
    id_, code, email, phone, tax, is_company, sorted_by, company, birth_date, first, last, survivor = row
    tax = tax_id if tax in forms else tax
    name = company if is_company else sorted_by if first or last else None
    traits = Traits(email, phone, _tail(phone), tax, name or None, birth_date, bool(is_company))
    return Alike(str(survivor or id_), code, traits)


def refuse_duplicates(
    shop: Shop,
    customer: CheckedCustomer,
    others: Sequence[Alike],
    look: Look,
    taken_attributes: Sequence[PossibleDuplicates] = (),
) -> list[Match]:
    """Who the customer may be, for the caller to be told. Raises Refused with NOT_UNIQUE where a value is another one's that the
    shop keeps apart, and Questioned with POSSIBLE_DUPLICATES where the customer is likely to be there already."""
    traits = Traits.of(customer.columns, is_company=customer.is_company)
    told = matches_among(traits.only(look.told), others)[:MAX_MATCHES]
    kept_apart = shop.settings.unique_fields if look.is_strict else ()
    taken = [*not_unique(kept_apart, traits, others, look.told), *taken_attributes]
    rest = [
        other
        for other in others
        if not any(_same(getattr(traits, name), getattr(other.traits, name)) for name in kept_apart)
    ]
    if look.refuses and any(one.score >= shop.settings.duplicate_score for one in matches_among(traits, rest)):
        message = "The customer may be registered already; `force` registers another one."
        raise Questioned(*taken, PossibleDuplicates("POSSIBLE_DUPLICATES", message, (), plain(told)))
    if taken:
        raise Refused(*taken)
    return told


def not_unique(
    columns: Sequence[str], traits: Traits, others: Sequence[Alike], told: Set[str] = PERSONAL_TRAITS
) -> list[PossibleDuplicates]:
    """A problem for each of these columns, which the shop keeps apart, whose value one of the others has."""
    problems = []
    for name in columns:
        value = getattr(traits, name)
        having = [other for other in others if _same(value, getattr(other.traits, name))]
        if having:
            alone = Traits(**{name: value}).only(told)
            problems.append(_taken(name, matches_among(alone, having)[:MAX_MATCHES]))
    return problems


def _taken(name: str, matches: Sequence[Match]) -> PossibleDuplicates:
    return PossibleDuplicates("NOT_UNIQUE", ALLOWED_ONCE, (camel(name),), plain(matches))


async def taken_attributes(
    shop: Shop, values: Sequence[CheckedAttribute], told: Set[str], owner: str | None = None
) -> list[PossibleDuplicates]:
    """A problem for each value of a unique attribute that somebody other than its `owner` has: who that is, as far as the caller
    may be told."""
    owners = await owners_of(shop, unique_keys_of(values))
    problems = []
    for one in values:
        [*key] = unique_keys_of([one])
        others = owners.get(key[0], ()) if key else ()
        if others and owner not in others:  # who has it keeps it
            trait = SENSITIVE_ATTRIBUTE if one.definition.is_sensitive else ATTRIBUTE
            matches = [Match(id_, [ATTRIBUTE], 100) for id_ in others[:MAX_MATCHES]] if trait in told else []
            problems.append(PossibleDuplicates("NOT_UNIQUE", ALLOWED_ONCE, one.path, plain(matches)))
    return problems


def plain(matches: Sequence[Match]) -> list[Mapping[str, Any]]:
    """Matches as plain JSON."""
    return [asdict(match) for match in matches]
