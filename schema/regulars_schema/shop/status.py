"""Whether everything works, and whom to ask where it does not, in the language of the API."""

from collections.abc import Sequence

import strawberry

from regulars_core.health import Check, checks
from regulars_core.shop.support import SupportSettings
from regulars_schema.request.context import RequestContext
from regulars_schema.request.permissions import requires
from regulars_schema.types.scalars import EmailAddress


@requires(None)
@strawberry.type(description="Whom to ask for help.")
class SupportContact:
    """Over regulars_core.shop.support.SupportSettings."""

    email: EmailAddress | None = strawberry.field(description="E-mail address.")
    phone: str | None = strawberry.field(description="Phone number.")
    url: str | None = strawberry.field(description="Address of a page.")


def support_of(settings: SupportSettings) -> SupportContact | None:
    """Whom the settings name; None where they name nobody."""
    email, phone, url = settings.support_email, settings.support_phone, settings.support_url
    if email is phone is url is None:
        return None
    return SupportContact(email=None if email is None else EmailAddress(email), phone=phone, url=url)


@requires(None)
@strawberry.type(description="Something that was looked at.")
class SystemCheck:
    """Over regulars_core.health.Check."""

    name: str = strawberry.field(description="What was looked at.")
    is_ok: bool = strawberry.field(description="Whether it is fine.")
    message: str | None = strawberry.field(
        description="What is wrong and what mends it: one sentence in English; null where it is fine."
    )


@requires(None)
@strawberry.type(description="Whether everything works.")
class SystemStatus:
    """Over the checks of regulars_core.health."""

    is_ok: bool = strawberry.field(description="Whether all of it is fine.")
    checks: list[SystemCheck] = strawberry.field(
        description="What was looked at, such as `database`, `migrations`, `jobs` and `encryption`."
    )


async def statuses(context: RequestContext, count: int) -> Sequence[SystemStatus]:
    """How the shop is, for each of so many places that ask."""
    found = await checks(context.shop)
    status = SystemStatus(is_ok=all(one.ok for one in found), checks=[_told(one) for one in found])
    return [status] * count


def _told(check: Check) -> SystemCheck:
    return SystemCheck(name=check.name, is_ok=check.ok, message=None if check.ok else check.message)
