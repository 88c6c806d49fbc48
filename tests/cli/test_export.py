"""Customers and purchases as files, by command."""

from pathlib import Path

from regulars_core.customers.rules import Address, NewCustomer
from tests.support.commands import Regulars, register, table, write


def test_export_writes_the_fields_asked_for(regulars: Regulars, database_url: str, elsewhere: Path) -> None:
    register(
        database_url,
        NewCustomer(
            "Ana", 'Li, "the" great', email="Ana@Example.COM", phone="55 1234 5678", tags=["VIP", "Café"],
            shipping_address=Address(city="Oaxaca"),
        ),
    )  # fmt: skip
    fields = "code,last_name,email,phone,group,origin_store,tags,total_spent,purchase_count,average_purchase,status,birth_date"
    done = regulars("export", "customers", "--fields", fields, "-o", "out.csv", database_url=database_url)
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "1 customers\n")
    header, row = table((elsewhere / "out.csv").read_text())
    assert header == fields.split(",")
    assert row == [
        "CUST-00001", 'Li, "the" great', "ana@example.com", "+525512345678", "Customers", "", "Café|VIP", "0.00", "0", "",
        "ACTIVE", "",
    ]  # fmt: skip
    assert [path.name for path in elsewhere.iterdir()] == ["out.csv"]
    unknown = regulars(
        "export", "customers", "--fields", "code,shoe_size,soul", "-o", "out.csv", database_url=database_url
    )
    assert unknown.exit_code == 1
    assert "shoe_size, soul" in unknown.stderr
    assert "birth_date" in unknown.stderr
    assert len(table((elsewhere / "out.csv").read_text())) == 2
    nothing = regulars("export", "customers", "--fields", " , ", database_url=database_url)
    assert (nothing.exit_code, nothing.stdout) == (1, "")
    nowhere = regulars("export", "customers", "-o", "no/such/folder.csv", database_url=database_url)
    assert nowhere.exit_code == 1


def test_export_takes_the_days_of_the_shop(regulars: Regulars, database_url: str) -> None:
    """UTC-6: the first of March begins there at 06:00 UTC."""
    march_first = 1_772_344_800_000
    times = {
        "before": march_first - 1,
        "first": march_first,
        "last": march_first + 86_399_999,
        "after": march_first + 86_400_000,
    }
    ids = register(database_url, *(NewCustomer(name, "Li") for name in times))
    for id_, at in zip(ids, times.values(), strict=True):
        write(database_url, "UPDATE customer SET created_at = $2 WHERE id = $1", id_, at)

    def found(*options: str) -> list[str]:
        done = regulars("export", "customers", "--fields", "first_name", *options,
                        database_url=database_url, timezone="America/Mexico_City")  # fmt: skip
        assert done.exit_code == 0, done.output
        return [row[0] for row in table(done.stdout)[1:]]

    assert found("--from", "2026-03-01", "--to", "2026-03-01") == ["first", "last"]
    assert found("--from", "2026-03-01") == ["first", "last", "after"]
    assert found("--to", "2026-02-28") == ["before"]
    assert found("--to", "9999-12-31", "--from", "0001-01-01") == list(times)
    assert regulars("export", "customers", "--from", "1 March", database_url=database_url).exit_code == 2


def test_export_escapes_what_a_spreadsheet_would_run(regulars: Regulars, database_url: str) -> None:
    given = ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "plain", "a=b", "-", "+1"]
    register(database_url, *(NewCustomer(name, "Li", phone="55 1234 5678") for name in given))
    done = regulars("export", "customers", "--fields", "first_name,phone", database_url=database_url)
    written = table(done.stdout)[1:]
    assert sorted(row[0] for row in written) == sorted(
        ["'=1+1", "'+cmd|' /C calc'!A0", "'-2+3", "'@SUM(A1)", "plain", "a=b", "'-", "+1"]
    )
    assert {row[1] for row in written} == {"+525512345678"}
