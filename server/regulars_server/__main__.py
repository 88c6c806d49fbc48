"""The program `regulars`."""

from regulars_core.primitives.garbage import seldom_collected


def main() -> None:
    """The command line; what it is made of is imported only here."""
    with seldom_collected():
        from regulars_server.cli.main import app
    app()


if __name__ == "__main__":
    main()
