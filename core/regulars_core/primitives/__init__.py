"""Clock, ids, money, text, errors and checks: what every floor stands on."""
