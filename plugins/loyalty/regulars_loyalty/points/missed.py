"""Rules that failed: at which purchases, and what is wrong with the rules that hold."""

from collections.abc import AsyncIterator, Mapping, Sequence

from regulars_core.plugin import Shop, first_broken, insert, new_id, now, rule_kinds
from regulars_loyalty.points.outcomes import Outcome
from regulars_loyalty.points.program import Rule, UnavailableKind
from regulars_loyalty.points.program_versions import versions_of


async def keep_missed(shop: Shop, outcomes: Mapping[str, Sequence[Outcome]]) -> None:
    """Remember, in the caller's transaction, which rules failed at which of these purchases. Where none does nothing is asked of
    the database."""
    await note_missed(shop, [(id_, one.code) for id_, own in outcomes.items() for one in own if one.is_failure])


async def note_missed(shop: Shop, missed: Sequence[tuple[str, str]]) -> None:
    """Remember, in the caller's transaction, at which purchases rules are to be asked once more, as (purchase, rule)."""
    if missed:
        known = await missed_at(shop, [id_ for id_, _ in missed])
        new = [(new_id(), *one) for one in missed if one not in known]
        await insert(shop.database, "loyalty_missed", ("id", "purchase_id", "rule"), new)


async def missed_at(shop: Shop, purchase_ids: Sequence[str]) -> set[tuple[str, str]]:
    """(purchase, rule) of what is to be made up for at these purchases."""
    among = shop.database.dialect.among("purchase_id", 1)
    sql = f"SELECT purchase_id, rule FROM loyalty_missed WHERE {among}"
    return {(row[0], row[1]) for row in await shop.database.rows(sql, sorted(set(purchase_ids)))}


async def forget_missed(shop: Shop, made_up: Sequence[tuple[str, str]]) -> None:
    """These were made up for."""
    for purchase_id, rule in made_up:
        await shop.database.run("DELETE FROM loyalty_missed WHERE purchase_id = $1 AND rule = $2", purchase_id, rule)


async def failures(shop: Shop) -> AsyncIterator[str]:
    """A sentence for each rule of a program that holds, or will hold, that cannot be used or breaks a law, and for each that has
    failed at purchases and was not made up for."""
    present, seen = now(), set[tuple[str, str]]()
    for version in (await versions_of(shop)).all:
        if version.ends <= present:
            continue
        for rule in version.program.rules:
            wrong = _wrong(rule)
            if wrong and (rule.code, wrong) not in seen:
                seen.add((rule.code, wrong))
                yield f"points rule {rule.code} ({rule.data.rule.kind}{_whose(shop, rule)}): {wrong}"
    for code, count, example in await shop.database.rows(
        "SELECT m.rule, count(*), min(CAST(m.purchase_id AS TEXT)) FROM loyalty_missed m JOIN purchase p ON p.id = m.purchase_id"
        " WHERE p.customer_id IS NOT NULL GROUP BY m.rule ORDER BY m.rule"
    ):
        such = f"such as purchase_{example.replace('-', '')}"
        yield f"points rule {code}: failed at {count} purchases, {such}; the log says what it raises, and it will be made up for"


def _wrong(rule: Rule) -> str | None:
    """What is wrong with a rule, in a few words."""
    if isinstance(rule.kind, UnavailableKind):
        return f"{rule.kind.reason}; it gives nothing"
    law = first_broken(rule.kind, rule.settings)
    return f"breaks a law on purchases made at random: {law}" if law else None


def _whose(shop: Shop, rule: Rule) -> str:
    owner = rule_kinds(shop).owners.get((rule.kind.use, rule.data.rule.kind)) or rule.data.rule.plugin
    return f" of the plugin '{owner}'" if owner else ""
