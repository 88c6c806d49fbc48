"""Whether everything works, as the API tells it: what the doctor says of an open shop, in the same words."""

import pytest

from regulars_core.jobs.leases import states
from regulars_core.keys.grants import Grant
from regulars_core.keys.service import create_key
from regulars_core.primitives.clock import DAY_MS, Instant, now
from regulars_core.shop.actors import operator
from regulars_core.shop.settings import Settings, SettingsError, load_settings
from regulars_schema.testing import Api
from regulars_server.doctor import examine
from tests.conftest import OpenShop
from tests.support.keys import make_key

STATUS = "{ shop { guideUrl support { email phone url } status { isOk checks { name isOk message } } } }"


async def test_the_api_tells_what_the_doctor_says(open_shop: OpenShop, database_url: str) -> None:
    shop = await open_shop(
        support_email=" Help@Shop.example", support_phone="555 0100", guide_url="https://shop.example/guide"
    )
    caller, database = Api.of(shop, "cashier"), shop.database

    async def bad() -> dict[str, str]:
        """What is not fine, by name, as both of them tell it."""
        told = (await caller.data(STATUS))["shop"]["status"]
        found = {one["name"]: one["message"] for one in told["checks"] if not one["isOk"]}
        assert told["isOk"] is not bool(found)
        assert all((one["message"] is None) is one["isOk"] for one in told["checks"])
        assert {"database", "migrations", "jobs", "keys"} <= {one["name"] for one in told["checks"]}
        said = [one.message for one in await examine(Settings(database_url=database_url)) if not one.ok]
        assert said == [f"{name}: {message}" for name, message in found.items()]
        return found

    async def write(sql: str) -> None:
        await database.transaction(lambda: database.run(sql))

    assert "none is live" in (await bad())["keys"]
    ends = Instant(now() + DAY_MS)
    await create_key(shop, by=operator(shop.permissions), name="k", bindings=[Grant("administrator")], expires_at=ends)
    assert "none will administer the whole shop after" in (await bad())["keys"]
    await make_key(database)
    assert await bad() == {}
    told = (await caller.data(STATUS))["shop"]
    assert told["support"] == {"email": "help@shop.example", "phone": "555 0100", "url": None}
    assert told["guideUrl"] == "https://shop.example/guide"
    for job in ("bulk-jobs", "keep-journal", "of-a-plugin-that-is-gone"):
        await write(f"INSERT INTO job_lease (job, due_at, failures) VALUES ('{job}', 0, 0)")
    assert (await bad())["jobs"].startswith("none was run since 1970-01-01T00:00:00.000Z; run `regulars serve`")
    await write(f"UPDATE job_lease SET due_at = {now() + DAY_MS} WHERE job = 'bulk-jobs'")
    assert (await bad())["jobs"] == "not run when they were due: keep-journal; `regulars jobs list` says more"
    await write(f"UPDATE job_lease SET due_at = {now()}, failures = 3, error_id = 'abc'")
    assert (await bad())["jobs"].startswith("failing: bulk-jobs (3 times, error abc), keep-journal")
    assert len(await states(database)) == 3


async def test_nobody_is_named_where_nobody_is_set(api: Api) -> None:
    told = (await api.data("{ shop { guideUrl support { email } } }"))["shop"]
    assert told == {"guideUrl": None, "support": None}
    for name, value in (
        ("support_email", "nobody"),
        ("support_url", "javascript:alert(1)"),
        ("guide_url", "shop.example"),
    ):
        with pytest.raises(SettingsError, match=f"REGULARS_{name.upper()}: write an"):
            load_settings(**{name: value})
    assert load_settings(support_url=" ").support_url is None
