"""graphql-core's executor, for what the breadth-first one does not do."""

from typing import Any

from graphql import (
    ExecutionResult,
    Executor,
    GraphQLObjectType,
)
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from regulars_schema.documents.limits import Limits, beyond_objects


def bounded_by(limits: Limits) -> type[Executor[Any]]:
    """graphql-core's executor, with the same end to what an answer may hold. Introspection is free here too."""

    class Bounded(StrawberryGraphQLCoreExecutionContext):
        objects = 0

        def complete_object_value(self, return_type: GraphQLObjectType, *rest: Any) -> Any:
            self.objects += not return_type.name.startswith("__")
            if self.objects > limits.objects:
                raise beyond_objects(self.objects, limits.objects)
            return super().complete_object_value(return_type, *rest)

        def build_response(self, data: dict[str, Any] | None) -> Any:
            response = super().build_response(data)
            if self.objects > limits.objects:
                return ExecutionResult(None, [beyond_objects(self.objects, limits.objects)])
            return response

    return Bounded
