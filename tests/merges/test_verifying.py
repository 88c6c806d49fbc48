"""What `regulars verify` says of aliases that are not what they should be, in however many parts it looks."""

import pytest

from regulars_core.customers.merge import verification
from tests.merges.conftest import Desk

WRONG = {
    "leads to an alias, or to nobody": "UPDATE customer SET merged_into_id = $2 WHERE id = $1",
    "is merged, and has another status": "UPDATE customer SET status = 'ACTIVE' WHERE id = $1",
    "has statistics that lead elsewhere": "UPDATE customer_stats SET merged_into_id = NULL WHERE customer_id = $1",
    "is merged, and has purchases": "UPDATE purchase SET customer_id = $1",
    "is merged, and has notes": "UPDATE customer_note SET customer_id = $1",
}


@pytest.mark.parametrize("most", [1, 2, 5_000])
async def test_d3_everything_that_is_wrong_is_told(desk: Desk, monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    monkeypatch.setattr(verification, "LOOKED_AT", most)
    database = desk.shop.database
    ana, bo, cy, di = [(await desk.customer(name)) for name in ("Ana", "Bo", "Cy", "Di")]
    await desk.sells(ana)
    await desk.api.done("noteAdd", "note { id }", {"customerId": ana, "body": "Hm."})
    await desk.merges(ana, bo)
    await desk.merges(ana, cy)

    async def told() -> list[str]:
        return [line async for line in verification.differences(database)]

    assert await told() == []
    alias, other, nobody = (one.removeprefix("customer_") for one in (bo, cy, di))
    for said, breaks in WRONG.items():
        values = [alias, other] if "$2" in breaks else [alias]

        async def work(breaks: str = breaks, values: list[str] = values, said: str = said) -> None:
            await database.run(breaks, *values)
            assert f"{bo}: {said}" in await told()
            raise ZeroDivisionError  # so that nothing stays broken

        with pytest.raises(ZeroDivisionError):
            await database.transaction(work)
    for breaks in (
        "UPDATE customer SET status = 'MERGED' WHERE id = $1",
        "UPDATE customer_stats SET merged_into_id = $1 WHERE customer_id = $1",
    ):
        await database.transaction(lambda breaks=breaks: database.run(breaks, nobody))  # type: ignore[misc]
        assert await told() == [f"{di}: is said to be merged, and leads to nobody"]
