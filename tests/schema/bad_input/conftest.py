"""A shop that has something of everything, for input that is refused."""

import pytest

from regulars_schema.testing import Api
from tests.support.refusals import Filled


@pytest.fixture
async def filled(api: Api) -> Filled:
    return await Filled(api).fill()
