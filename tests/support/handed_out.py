"""What is handed out of a customer, as it is asked for over the API by somebody who has a key."""

import json
from typing import Any
from uuid import uuid4

from regulars_core.bulk.worker import do_bulk_jobs
from regulars_core.files.storage import content_of, files_of_jobs
from regulars_core.keys.authentication import actor_of_key
from regulars_schema.testing import Api
from tests.support.keys import make_key


async def at_the_office(api: Api) -> Api:
    """Another client of the same shop, with an administrator's key that lives."""
    key = await make_key(api.shop.database, "office")
    actor = await actor_of_key(api.shop, key.split("_")[1])
    assert actor is not None
    return Api(api.schema, api.shop, actor)


async def handed_out(api: Api, customer: str, **given: Any) -> bytes:
    """The file with everything that is known of a customer."""
    office = api if await actor_of_key(api.shop, api.actor.key_id) else await at_the_office(api)
    input = {"customerId": customer, "idempotencyKey": uuid4().hex, **given}
    job = (await office.done("customerDataRequest", "bulkJob { id }", input))["bulkJob"]["id"].removeprefix("job_")
    await do_bulk_jobs(api.shop)
    [file] = (await files_of_jobs(api.shop.database, [job]))[job]
    return b"".join([piece async for piece in content_of(api.shop.database, file.id)])


async def known_of(api: Api, customer: str) -> Any:
    """The document."""
    return json.loads(await handed_out(api, customer))
