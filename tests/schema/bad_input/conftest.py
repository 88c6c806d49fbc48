"""A shop that has something of everything, for input that is refused."""

import pytest

from tests.asking import Api
from tests.schema.bad_input.refusing import Filled


@pytest.fixture
async def filled(api: Api) -> Filled:
    return await Filled(api).fill()
