"""What else is known of the customers of a filled database: tags, consents and attributes, made by the database itself.

What each has follows from the place of the registration alone, so that two runs hold the same rows.
"""

from benchmarks.population import TODAY
from regulars_core.customers.attributes.declarations import NewDefinition, define_attribute
from regulars_core.customers.attributes.definitions import declared_attributes
from regulars_core.customers.attributes.rules import CHOICE, NUMBER, TEXT
from regulars_core.customers.attributes.storage import stored
from regulars_core.customers.consents.rules import BIT_OF
from regulars_core.customers.rules import tag_key
from regulars_core.shop.shop import Shop

_MAX_S = 3_600
FEW = 200
"""How many customers have what few have, however many there are."""
TAGS = {"Newsletter": "n.number % 11 < 3", "VIP": "n.number % 47 = 7", "Fair 2026": "n.number % {step} = 3"}
"""Each tag, and who has it, by the customer's number."""
SIZES = ("S", "M", "L", "XL")
ATTRIBUTES = (
    NewDefinition("member_number", TEXT, is_unique=True),
    NewDefinition("shirt_size", CHOICE, choices=SIZES),
    NewDefinition("shoe_size", NUMBER),
)


async def give_traits(shop: Shop, customers: int) -> None:
    """Give customers who are there, without any of it, tags, consents and values of attributes."""
    for one in ATTRIBUTES:
        await define_attribute(shop, one)
    await shop.database.transaction(lambda: _give(shop, customers))


async def _give(shop: Shop, customers: int) -> None:
    database = shop.database
    await database.allow(_MAX_S)
    await database.run(
        "CREATE TEMPORARY TABLE numbered AS"
        " SELECT id, created_at, row_number() OVER (ORDER BY created_at, id) AS number FROM customer"
    )
    for n, (tag, condition) in enumerate(TAGS.items()):
        await database.run(
            f"INSERT INTO customer_tag (id, customer_id, tag, tag_key) SELECT {_id(database.engine, 4, f'n.number * 8 + {n}')},"
            f" n.id, '{tag}', '{tag_key(tag)}' FROM numbered n WHERE {condition.format(step=max(1, customers // FEW))}"
        )
    for decision, part in (("GRANTED", "n.number % 13 < 8"), ("WITHDRAWN", "n.number % 13 = 9")):
        id_ = _id(database.engine, 5, "n.number")
        await database.run(
            "INSERT INTO consent (id, customer_id, channel, purpose, decision, at, proof, source, recorded_at, recorded_by)"
            f" SELECT {id_}, n.id, 'EMAIL', 'marketing', '{decision}', n.created_at, 'CHECKBOX', 'till', n.created_at,"
            f" 'benchmarks' FROM numbered n WHERE {part}"
        )
        await database.run(
            "INSERT INTO consent_in_force (customer_id, consent_id, purpose, decision, ways)"
            f" SELECT n.id, {id_}, 'marketing', '{decision}', {BIT_OF['EMAIL']} FROM numbered n WHERE {part}"
        )
    declared = await declared_attributes(database)
    member, shirt, shoe = (declared[one.name] for one in ATTRIBUTES)
    own = "'M' || (n.number * 7919)"
    values = [
        (member.id, own, "'m' || (n.number * 7919)", "NULL", "TRUE"),
        *(
            (shirt.id, f"'{size}'", f"'{stored(shop, shirt, '', size).value_key}'", "NULL", f"n.number % 9 = {n}")
            for n, size in enumerate(SIZES)
        ),
        *(
            (shoe.id, f"'{kept.value}'", f"'{kept.value_key}'", str(kept.ordinal), f"n.number % 17 = {size - 36}")
            for size in range(36, 48)
            for kept in [stored(shop, shoe, "", str(size))]
        ),
    ]
    for n, (definition, value, key, ordinal, part) in enumerate(values):
        await database.run(
            "INSERT INTO customer_attribute (id, customer_id, definition_id, value, value_key, ordinal, given_at)"
            f" SELECT {_id(database.engine, 6, f'n.number * 32 + {n}')}, n.id, '{definition}', {value}, {key}, {ordinal},"
            f" n.created_at FROM numbered n WHERE {part}"
        )
    await database.run("DROP TABLE numbered")


def _id(engine: str, kind: int, number: str) -> str:
    """An id as of a UUIDv7; the number makes it unique."""
    if engine == "postgres":
        return f"CAST('{TODAY:012x}7{kind:03x}8' || lpad(to_hex({number}), 15, '0') AS uuid)"
    return f"printf('{TODAY:012x}7{kind:03x}8%015x', {number})"
