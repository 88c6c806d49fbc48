"""The first page and the page of figures, as a frontend asks for them."""

import random
from collections.abc import Iterator

import pytest
import time_machine

from regulars_core.testing import statements
from regulars_schema.testing import Api
from tests.analytics.conftest import OpenAnalytics
from tests.support.random_shop import TODAY, fill

AMOUNT = "fragment Amount on Money { amount currencyCode }\n"
FIRST_PAGE = (
    AMOUNT
    + """query DashboardPage($at: DateTime, $days: DayRangeInput) {
  shop { name status { isOk checks { name isOk message } } support { email phone } guideUrl }
  dashboard(at: $at) { at customerCount activeCustomerCount newCustomersToday buyersToday
    topCustomers(by: TOTAL_SPENT, first: 5) { customer { id displayName } totalSpent { ...Amount } }
    newVersusReturning(days: $days) { newCount returningCount }
    paymentMethods(days: $days) { method purchaseCount } peakTimes(days: $days) { weekday hour purchaseCount } }
  tierDistribution(at: $at) { tier { code } customerCount }
  stores(first: 100) { nodes { code lastRecordedAt } } }"""
)
FIGURES = (
    AMOUNT
    + """query AnalyticsPage($days: DayRangeInput, $where: CustomerWhere, $segment: ID!) {
  insight(days: $days, where: $where) { customerCount purchaseCount repeatRate
    series(interval: MONTH) { from totalSpent { ...Amount } newCustomerCount }
    byTier: breakdown(by: TIER) { label total { ...Amount } }
    byCity: breakdown(by: CITY, first: 20) { label customerCount }
    byAge: breakdown(by: AGE_BAND) { label customerCount }
    byMonth: breakdown(by: MONTH, first: 12) { value total { ...Amount } } }
  segment(id: $segment) { name customerCount
    insight(days: $days) { averageBasketSize purchasesPerMonth breakdown(by: PAYMENT_METHOD) { label share } } }
  retention(days: $days, where: $where) { activeRate churnRate repeatRate }
  cohorts(first: 6) { from customerCount periods { index rate } }
  tierPerformance(days: $days) { tier customerCount retentionRate movedUpCount movedDownCount }
  promotionResponse(days: $days) { name kind responseRate byTier { tier responseRate } } }"""
)


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(TODAY, tick=False):
        yield


async def test_the_pages(open_analytics: OpenAnalytics) -> None:
    shop = await open_analytics()
    await fill(shop, random.Random(5), buyers=6, sales=40)
    api, days = Api.of(shop), {"from": "2025-06-01", "to": "2026-06-30"}
    told = await api.data(FIRST_PAGE, days=days)
    assert told["dashboard"]["customerCount"] == sum(one["customerCount"] for one in told["tierDistribution"]) == 5
    where = {"purchases": {"count": {"gte": 2}}}
    segment = (await api.done("segmentCreate", "segment { id }", {"name": "Twice", "where": where}))["segment"]["id"]
    await api.data(FIGURES, days=days, where=where, segment=segment)
    with statements(shop, 22):
        told = await api.data(FIGURES, days=days, where=where, segment=segment)
    assert sum(one["customerCount"] for one in told["insight"]["byCity"]) == told["insight"]["customerCount"] > 0
    assert len(told["insight"]["series"]) == 13
    assert len(told["cohorts"]) == 6
