# Thin: each target calls uv or lakewarden.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
UV ?= $(shell command -v uv || echo .uv/bin/uv)
LAKEWARDEN := .venv/bin/lakewarden

.PHONY: setup demo up down test test-bench test-train test-demo test-spark parity fuzz crash bench check format lock clean

# Both environments: .venv (pipeline, Airflow, developers' tools) and .venv-bi (Superset).
setup: .venv/.synced .venv-bi/.synced

demo: setup
	$(LAKEWARDEN) demo

up: setup
	$(LAKEWARDEN) up

down:
	$(LAKEWARDEN) down

test: setup
	.venv/bin/pytest -m "not spark and not browser and not bench and not train" --numprocesses 2 --dist loadfile

# The benchmark in small, and whether its peers write what Lakewarden writes; ten minutes.
test-bench: setup
	.venv/bin/pytest -m bench

# Risk models are learned, in two synthetic provinces too, whose truth is known; three minutes.
test-train: setup .venv-train/.synced
	.venv/bin/pytest -m train

# The whole demo in a home of its own, then its dashboard in a real browser; needs Chromium and chromedriver.
test-demo: export LAKEWARDEN_HOME = $(CURDIR)/.demo
test-demo: export LAKEWARDEN_SUPERSET_USER = demo
test-demo: export LAKEWARDEN_SUPERSET_PASSWORD = demo-lakewarden
test-demo: export LAKEWARDEN_PORT_SUPERSET = 18088
test-demo: export LAKEWARDEN_SUPERSET_URL = http://127.0.0.1:18088
test-demo: setup
	rm -rf .demo
	$(LAKEWARDEN) demo --objects 800 --days 90
	.venv/bin/pytest -m browser; status=$$?; $(LAKEWARDEN) down; exit $$status

# Needs a JDK 17 or newer; builds a small province's market road on Sail and on Apache Spark and compares every table.
test-spark: setup .venv-spark/.jars
	.venv/bin/pytest -m spark

# The same with every contract, half an hour.
parity: export LAKEWARDEN_PARITY = whole
parity: test-spark

# 10,000 hostile files; FILES and SEED choose others.
fuzz: setup
	.venv/bin/python -m tests.fuzz --files $(or $(FILES),10000) --seed $(or $(SEED),7)

# kill -9 at 200 moments, a plain run after each; about an hour. MOMENTS and SEED choose others.
crash: setup
	.venv/bin/python -m tests.crash --moments $(or $(MOMENTS),200) --seed $(or $(SEED),11)

# Every figure of docs/benchmarks.md, some hours on two cores; a missed bar stops nothing. bench/README.md has the parts.
bench: setup .venv-bench/.synced $(if $(shell command -v java),.venv-spark/.jars)
	-.venv-bench/bin/python -m bench.province
	-.venv-bench/bin/python -m bench.stages
	-.venv-bench/bin/python -m bench.landing
	-.venv-bench/bin/python -m bench.growth
	-.venv-bench/bin/python -m bench.dashboards
	.venv-bench/bin/python -m bench.report

check: setup .venv-tools/.synced
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/yamllint --strict .
	.venv/bin/python -m schemas lint
	.venv/bin/python -m dashboards.check
	.venv/bin/lint-imports --no-cache
	.venv/bin/python -m spark_jobs.standards .venv-tools/odcs
	.venv-tools/bin/python spark_jobs/standards/lint_odcs.py .venv-tools/odcs

format: setup
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .

# Pins and hashes every package of every environment, from the extras of pyproject.toml.
lock: | $(UV)
	$(UV) pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11 --extra pipeline --extra dev pyproject.toml -o requirements/dev.txt
	$(UV) pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11 --extra pipeline -c requirements/dev.txt pyproject.toml -o requirements/pipeline.txt
	$(UV) pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11 --extra pipeline --extra bench -c requirements/dev.txt pyproject.toml -o requirements/bench.txt
	$(UV) pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11 --extra bi pyproject.toml -o requirements/bi.txt
	$(UV) pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11 --extra spark pyproject.toml -o requirements/spark.txt
	$(UV) pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11 --extra tools pyproject.toml -o requirements/tools.txt
	$(UV) pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11 --extra train pyproject.toml -o requirements/train.txt

clean: down
	rm -rf lake

.venv/.synced: requirements/dev.txt
.venv-bi/.synced: requirements/bi.txt
.venv-spark/.synced: requirements/spark.txt
.venv-bench/.synced: requirements/bench.txt
.venv-tools/.synced: requirements/tools.txt
.venv-train/.synced: requirements/train.txt

.venv/.synced .venv-bi/.synced .venv-spark/.synced .venv-bench/.synced .venv-tools/.synced .venv-train/.synced: pyproject.toml | $(UV)
	test -x $(@D)/bin/python || $(UV) venv --quiet --no-python-downloads --python $(PYTHON) $(@D)
	$(UV) pip sync --quiet --compile-bytecode --python $(@D)/bin/python --require-hashes $(filter requirements/%,$^)
	$(UV) pip install --quiet --python $(@D)/bin/python --no-deps --editable .
	touch $@

# Delta's jars, which its Python wheel does not bring.
.venv-spark/.jars: .venv-spark/.synced requirements/spark-jars.txt
	.venv-spark/bin/python -m spark_jobs.engine.spark_jars
	touch $@

.uv/bin/uv:
	$(PYTHON) -m venv .uv
	.uv/bin/pip install --quiet uv
