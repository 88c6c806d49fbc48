"""I2: a point between thousands was read as a decimal point, and nobody was told."""

import csv

import pytest

HEAD = "reference;purchased_at;name;quantity;unit_price\n"
EARLIER_THAN_THE_COMMA = "T1;2026-05-01;TV;1;1.200\nT2;2026-05-01;Cable;1;99,95\n"


async def totals(shop):
    rows = await shop.database.rows("SELECT reference, total FROM purchase ORDER BY reference")
    return {row[0]: row[1] for row in rows}


def codes(files):
    with (files.folder / "file.rejects.csv").open(newline="") as file:
        delimiter = next(one for one in ";\t," if one in file.readline())
        file.seek(0)
        return {row["reference"]: row["reject_code"] for row in csv.DictReader(file, delimiter=delimiter)}


async def test_i2_a_point_is_no_decimal_sign_where_a_comma_is_one(shop, purchases, files):
    report = await purchases(HEAD + EARLIER_THAN_THE_COMMA)
    assert (report.created, report.rejected) == (1, 1)
    assert await totals(shop) == {"T2": 9995}
    assert codes(files) == {"T1": "INVALID_AMOUNT"}


@pytest.mark.parametrize("price", ["1.200", "1.20", "12.500000", "1.200,5", "1,200.5", "1,200", ".5"])
async def test_i2_no_number_of_such_a_file_has_a_point(shop, purchases, files, price):
    await purchases(HEAD + "T0;2026-05-01;Cable;1;99,95\n" + f"T1;2026-05-01;TV;1;{price}\n")
    assert await totals(shop) == {"T0": 9995}
    assert codes(files) == {"T1": "INVALID_AMOUNT"}


async def test_i2_quantities_neither(shop, purchases, files):
    await purchases(HEAD + "T1;2026-05-01;Rice;1.500;2\nT2;2026-05-01;Rice;1,5;2\n")
    assert await totals(shop) == {"T2": 300}
    assert codes(files) == {"T1": "INVALID_QUANTITY"}


@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
async def test_i2_what_may_be_thousands_is_not_taken_for_decimals(shop, purchases, files, delimiter):
    rows = (
        "T1;2026-05-01;TV;1;1.200\nT2;2026-05-01;TV;1;-1.200\nT3;2026-05-01;TV;1;12.50\nT4;2026-05-01;TV;1;1234.500\n"
    )
    await purchases((HEAD + rows + "T5;2026-05-01;TV;1;0.500\nT6;2026-05-01;TV;1;12.500000\n").replace(";", delimiter))
    assert await totals(shop) == {"T3": 1250, "T4": 123450, "T5": 50, "T6": 1250}
    assert codes(files) == {"T1": "INVALID_AMOUNT", "T2": "INVALID_AMOUNT"}


async def test_i2_weights_that_may_be_thousands_where_nothing_tells_the_sign(shop, purchases, files):
    await purchases(HEAD + "T1;2026-05-01;Rice;1.500;2\nT2;2026-05-01;Rice;1.5;2\n")
    assert await totals(shop) == {"T2": 300}
    assert codes(files) == {"T1": "INVALID_QUANTITY"}
    await purchases((HEAD + "T3;2026-05-01;Rice;1.500;2\n").replace(";", ","))  # there a comma is none
    assert await totals(shop) == {"T2": 300, "T3": 300}


async def test_i2_a_weight_with_the_sign_that_other_numbers_have(shop, purchases):
    await purchases(HEAD + "T1;2026-05-01;Rice;1,500;2\nT2;2026-05-01;Rice;1,5;2,00\n")
    assert await totals(shop) == {"T1": 300, "T2": 300}
