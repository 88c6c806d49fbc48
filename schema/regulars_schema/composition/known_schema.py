"""By which schema a shop is asked: whoever reads again what was stored in the schema's words must know."""

from regulars_core.shop.shop import Shop
from regulars_schema.composition.composed_schema import ComposedSchema


def known_schema(shop: Shop) -> ComposedSchema | None:
    """The schema by which a shop is asked; None where nobody has said so yet."""
    schema: ComposedSchema | None = shop.memory.get(ComposedSchema)
    return schema


def schema_asked(shop: Shop) -> ComposedSchema:
    """The same within a request, which is asked by one."""
    schema = known_schema(shop)
    assert schema is not None, "a request is asked by a schema"
    return schema


def remember_schema(shop: Shop, schema: ComposedSchema) -> ComposedSchema:
    """Say by which schema a shop is asked, so that none is made again for what it keeps in its words."""
    shop.memory[ComposedSchema] = schema
    return schema
