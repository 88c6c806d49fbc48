"""Checking an input: every problem is told, with the path that leads to it."""

from regulars_core.primitives.checks import Checks


def test_what_is_wrong_with_an_inner_object_is_wrong_with_the_input():
    checks = Checks("input")
    checks.fail("REQUIRED", "There is no name.", "name")
    line = checks.nested("lines", "0")
    line.at_least(-1, 0, "quantity")
    line.nested("price").fail("REQUIRED", "There is no amount.", "amount")
    checks.at_least(-1, 0, "tax")
    assert [problem.path for problem in checks.problems] == [
        ("input", "name"),
        ("input", "lines", "0", "quantity"),
        ("input", "lines", "0", "price", "amount"),
        ("input", "tax"),
    ]
    assert [problem.path[3:] for problem in line.problems] == [("quantity",), ("price", "amount")]
    assert checks.nested("lines", "1").problems == []
