# evenhand: `make run` sets up and runs the main job; `make test` sets up and tests.
PYTHON ?= python3.11
BIN := .venv/bin
SIZE ?=
.DEFAULT_GOAL := help
.PHONY: help run test test-slow test-postgres test-browser test-crash test-cluster soak debian bench-desk lint lock bench bench-rating bench-plan bench-worth bench-consign bench-tender bench-export bench-cluster pictures clean sbom audit fuzz

help: ## this list
	@grep -hE '^[a-z-]+:.*?## ' $(MAKEFILE_LIST) | awk -F ':.*?## ' '{printf "  make %-16s %s\n", $$1, $$2}'

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/.run: .venv/bin/python requirements/run.txt pyproject.toml
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/run.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.venv/.dev: .venv/.run requirements/dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/dev.txt
	@touch $@

.venv/.cluster: .venv/.dev requirements/cluster-dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/cluster-dev.txt
	@touch $@

run: .venv/.run ## set up, generate 20,000 enterprises, rate, plan, score tenders, write workbooks to var/out
	$(BIN)/evenhand run

test: .venv/.dev ## set up and run the whole everyday suite with lint and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -n 2 --dist loadfile

test-slow: .venv/.dev ## the heavier tests
	$(BIN)/pytest -m slow

test-postgres: .venv/.dev ## the store on a real PostgreSQL, installed where missing, started and thrown away by the tests
	@sh tests/debian.sh postgres
	$(BIN)/pytest -n 2 --dist loadfile -m postgres --ignore tests/crash

test-crash: .venv/.dev ## kill -9, full disks and lost databases at many points, then the same command again
	@sh tests/debian.sh postgres || echo "the tests of lost databases are skipped" >&2
	$(BIN)/pytest -n 2 --dist load -m "slow or not slow" tests/crash

test-cluster: .venv/.cluster ## Dask, Ray and processes with two workers each, disk and S3: the bytes of one process, also with a worker killed
	$(BIN)/pytest -m cluster tests/cluster

debian: ## Debian's packages that tests and pictures drive: PostgreSQL, Chromium, LibreOffice, poppler, fonts
	@sh tests/debian.sh postgres browser office

lint: .venv/.dev ## ruff, mypy --strict, import contract
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

soak: .venv/.dev ## NIGHTS=30 of SIZE=20000 with feedback and an amended policy, then every night done again
	$(BIN)/python -m tests.soak.month --nights $(or $(NIGHTS),30) --enterprises $(or $(SIZE),20000)

bench-tender: .venv/.dev ## tenders: 200 lots x 50 bidders, HiGHS and brute force beside it, Polish contractors
	$(BIN)/python -m tests.bench.tender

bench-plan: .venv/.dev ## plans: this project, greedy, CP-SAT, HiGHS and Yagiura's instances; SIZE=1k|10k|100k|1m
	$(BIN)/python -m tests.bench.plan $(or $(SIZE),10k)

bench-worth: .venv/.dev ## what plans find: hidden truth of generated registers (SIZE=20000), Chicago's past windows
	$(BIN)/python -m tests.bench.worth $(SIZE)

bench-consign: .venv/.dev ## mornings at the border: seconds per 10,000 declarations, rates kept on the customs data
	$(BIN)/python -m tests.bench.consignment

bench-rating: .venv/.dev ## ratings: this project, DuckDB, pandas and the floor over one lake; SIZE=1m|10m|60m
	$(BIN)/python -m tests.bench.rating --size $(or $(SIZE),1m)

bench-desk: .venv/.dev ## 100 officers at the desk over 20,000 enterprises: latency by page, errors, memory of the server
	$(BIN)/python -m tests.bench.desk

bench-export: .venv/.dev ## workbooks: 100,000 x 20 beside bare openpyxl and XlsxWriter, reading back beside openpyxl
	$(BIN)/python -m tests.bench.export

bench-cluster: .venv/.cluster ## 1 and 2 workers of threads, processes, Dask and Ray: digests, start-up, cost of a shard; the plan on paper
	$(BIN)/python -m tests.bench.cluster --size $(or $(SIZE),2000000)

test-browser: .venv/.dev ## report and desk in headless Chromium, with axe
	@sh tests/debian.sh browser
	$(BIN)/pytest -m browser

pictures: .venv/.dev ## screenshots of roster, notice, report and desk into docs/pictures
	$(BIN)/python -m tests.pictures

bench: bench-rating bench-plan bench-tender bench-export ## every measurement at its default size

sbom: .venv/.dev ## bill of materials of a run (CycloneDX), checked for hashes and licences: var/sbom.json
	$(BIN)/python -m tests.supply.bill var/sbom.json

audit: .venv/.dev ## known vulnerabilities of the locked packages; AUDIT="--osv FOLDER" without a network
	$(BIN)/python -m tests.supply.audit $(AUDIT)

fuzz: .venv/.dev ## every reader under atheris: RUNS inputs each, SECS at most; TARGET=csv for one
	$(BIN)/python -m tests.fuzz --runs $(or $(RUNS),20000) --seconds $(or $(SECS),60) $(TARGET)

lock: .venv/.dev ## lock the versions again, with hashes and without addresses
	$(BIN)/uv pip compile -q pyproject.toml --group build --python-version 3.11 --universal --generate-hashes --no-header -o requirements/run.txt
	$(BIN)/uv pip compile -q pyproject.toml --group build --group dev --python-version 3.11 --universal --generate-hashes --no-header -c requirements/run.txt -o requirements/dev.txt
	$(BIN)/uv pip compile -q pyproject.toml --group build --group dev --group cluster --group store --python-version 3.11 --universal --generate-hashes --no-header -c requirements/dev.txt -o requirements/cluster-dev.txt
	$(BIN)/uv pip compile -q pyproject.toml --group build --group cluster --python-version 3.11 --universal --generate-hashes --no-header -c requirements/cluster-dev.txt -o requirements/cluster.txt

clean: ## remove everything that was made
	rm -rf var build *.egg-info .venv
