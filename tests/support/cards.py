"""Cards: a plugin that hears of groups of customers, and of the card that a form gives one."""

from collections.abc import Mapping, Sequence
from typing import Any

from regulars_core.plugin import GroupRow, Problem, Refused, Shop, groups_by_ids, hookimpl
from regulars_schema.plugin import Contribution, CustomerGroupCreateInput, CustomerGroupUpdateInput, InputField

Given = Sequence[Mapping[str, Any]]


class Cards:
    """Keeps what it was told of groups, and refuses card 13."""

    def __init__(self) -> None:
        self.created: list[tuple[str, Mapping[str, Any]]] = []
        self.changed: list[tuple[str, str | None, Mapping[str, Any]]] = []
        self.rows: list[GroupRow] = []

    @hookimpl
    def regulars_schema(self) -> Contribution:
        fields = [InputField(input_, "card", int, "The number of the card.")
                  for input_ in (CustomerGroupCreateInput, CustomerGroupUpdateInput)]  # fmt: skip
        return Contribution("cards", inputs=fields)

    @hookimpl
    async def groups_created(self, shop: Shop, groups: Sequence[GroupRow], extras: Given) -> None:
        self._refuse(extras)
        assert await groups_by_ids(shop.database, [group.id for group in groups]) == {one.id: one for one in groups}
        self.created += [(group.name, extra) for group, extra in zip(groups, extras, strict=True)]
        self.rows += groups

    @hookimpl
    async def groups_changed(self, groups: Sequence[GroupRow], extras: Given) -> None:
        self._refuse(extras)
        self.changed += [(group.name, group.description, extra) for group, extra in zip(groups, extras, strict=True)]

    def _refuse(self, extras: Given) -> None:
        if any(extra.get("card") == 13 for extra in extras):
            raise Refused(Problem("UNLUCKY", "This card brings bad luck.", ("card",)))
