#!/usr/bin/env bash
# pydantic-settings with extra="forbid" takes no notice of a variable that is mistyped.
#
# Expected: extra="forbid" forbids what is no setting, wherever it is set: SHOP_CURENCY beside the field `currency` stops the start,
#   as the same name in the file of settings does.
# Seen: the name in the file is refused ("Extra inputs are not permitted"), the variable of the environment is ignored, and the
#   shop sells in the default currency.
# With: pydantic-settings 2.16.3, pydantic 2.14.3, Python 3.11.
# Source: https://docs.pydantic.dev/latest/concepts/pydantic_settings/
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pydantic-settings==2.16.3 pydantic==2.14.3

cat > shop.py <<'PY'
import os
from pathlib import Path

from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict, TomlConfigSettingsSource


class Shop(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="SHOP_", extra="forbid", toml_file="shop.toml")
    currency: str = "USD"

    @classmethod
    def settings_customise_sources(cls, settings_cls, init_settings, env_settings, dotenv_settings, file_secret_settings):
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def started() -> str:
    try:
        return Shop().currency
    except ValidationError as error:
        return error.errors()[0]["msg"]


Path("shop.toml").write_text('curency = "EUR"\n')
of_file = started()
Path("shop.toml").unlink()
os.environ["SHOP_CURENCY"] = "EUR"
of_environment = started()
print("mistyped in the file:       ", of_file)
print("mistyped in the environment:", of_environment)
assert of_file == "Extra inputs are not permitted"
assert of_environment == "USD"
PY
venv/bin/python shop.py
