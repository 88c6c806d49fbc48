"""The codes of `userErrors` are listed in the description of their mutation, those of plugins too."""

import pytest

from regulars_core.start import plugins_wanted
from regulars_schema.composition.composed_schema import ComposedSchema
from regulars_schema.composition.contributions import Contribution, Extension, Mutation, MutationCode, SchemaConflict
from regulars_schema.composition.mutation_codes import listed_codes
from regulars_schema.fields.declarations import mutation
from regulars_schema.schema import build_schema, schema_of
from tests.schema.test_composition import dance
from tests.support.refusals import codes_of


def refusing(owner: str, *codes: MutationCode) -> Contribution:
    return Contribution(owner, codes=codes)


UNLUCKY = MutationCode("purchaseRecord", "UNLUCKY", "the total brings bad luck")
TOO_BIG = MutationCode("purchaseRecord", "TOO_BIG")


def described(schema: ComposedSchema, name: str) -> str:
    mutations = schema._schema.mutation_type
    assert mutations is not None
    return mutations.fields[name].description or ""


def test_what_plugins_add_stands_behind_cores_own() -> None:
    bare = build_schema()
    schema = build_schema(
        [refusing("shoes", UNLUCKY, TOO_BIG), refusing("feet", MutationCode("purchaseRecord", "TIRED"))]
    )
    assert described(schema, "purchaseRecord") == (
        described(bare, "purchaseRecord")
        + " Codes of the shoes plugin: `UNLUCKY` (the total brings bad luck), `TOO_BIG`. Codes of the feet plugin: `TIRED`."
    )
    assert codes_of(schema, "purchaseRecord") == [*codes_of(bare, "purchaseRecord"), "UNLUCKY", "TOO_BIG", "TIRED"]
    assert described(schema, "purchaseVoid") == described(bare, "purchaseVoid")
    assert build_schema().printed() == bare.printed()


def test_what_is_listed_already_is_not_listed_again() -> None:
    long = MutationCode("purchaseRecord", "TOO_LONG")
    schema = build_schema([refusing("shoes", UNLUCKY, UNLUCKY, long), refusing("feet", UNLUCKY, long)])
    assert described(schema, "purchaseRecord") == (
        described(build_schema(), "purchaseRecord")
        + " Codes of the shoes plugin: `UNLUCKY` (the total brings bad luck)."
    )


def test_what_is_not_there_stops_the_start() -> None:
    with pytest.raises(SchemaConflict) as raised:
        build_schema([refusing("shoes", MutationCode("purchaseSing", "UNLUCKY"))])
    assert str(raised.value) == "'shoes' adds the code UNLUCKY to Mutation.purchaseSing, which is not in the schema"


def test_one_code_may_be_of_two_mutations_and_the_order_of_plugins_does_not_count() -> None:
    own = mutation(dance, name="dance", description="Dances. Codes: `TIRED`.")
    dancing = Contribution("dancing", extensions=[Extension(Mutation, [own])])
    feet = refusing("feet", MutationCode("dance", "UNLUCKY"), MutationCode("purchaseRecord", "UNLUCKY"))
    for pair in ([dancing, feet], [feet, dancing]):
        assert codes_of(build_schema(pair), "dance") == ["TIRED", "UNLUCKY"]


def test_every_mutation_lists_its_codes_once() -> None:
    schema = schema_of(plugins_wanted(None))
    mutations = schema._schema.mutation_type
    assert mutations is not None
    for name, field in mutations.fields.items():
        codes = listed_codes(field.description or "")
        assert codes, f"{name} lists no codes"
        assert len(set(codes)) == len(codes), name
