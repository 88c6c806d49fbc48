"""Every code with which a mutation is refused stands in its description."""

from collections.abc import Awaitable, Callable
from typing import Any

from regulars_schema.fields.pipeline import Pipeline
from tests.support.refusals import codes_of

Run = Callable[..., Awaitable[Any]]
OF_THE_BOX = frozenset({"core", "tiers", "loyalty", "rewards", "analytics"})
"""What a plugin that a test has made refuses need not be listed."""


class Listed:
    """Watches mutations: `lacking` are the codes that were told and are not listed, each behind the name of its mutation."""

    def __init__(self) -> None:
        self.lacking = set[str]()

    async def run(self, run: Run, pipeline: Pipeline, context: Any, schema: Any, *given: Any) -> Any:
        """The mutation's own payload."""
        payload = await run(pipeline, context, schema, *given)
        told = {problem.code for problem in payload.user_errors}
        if told and OF_THE_BOX.issuperset(context.request.shop.plugins.names):
            known = set(codes_of(schema, pipeline.name))  # none of a mutation that a test has made for itself
            self.lacking |= {f"{pipeline.name} {code}" for code in told - known} if known else set()
        return payload
