"""Money as clients see it."""

from decimal import Decimal

import strawberry

from regulars_core.primitives.money import CurrencyCode
from regulars_schema.request.permissions import requires


@requires(None)
@strawberry.type(description="An amount of money.")
class Money:
    """Over regulars_core.primitives.money.Money."""

    amount: Decimal = strawberry.field(
        description="The amount with exactly the decimals of its currency, such as `10.50`."
    )
    currency_code: CurrencyCode = strawberry.field(description="The currency of the amount.")
