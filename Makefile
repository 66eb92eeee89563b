# Everything a developer or CI runs. Needs Python 3.11 or newer and make; writes only below this
# folder (and uv's download cache). `make` alone lists the targets.

PYTHON ?= python3
# A uv of your own is used; otherwise one is put into .tools, which nothing else sees.
UV := $(or $(shell command -v uv 2>/dev/null),.tools/bin/uv)
RUN := .venv/bin/python -m
COMPILE := $(UV) pip compile --quiet --universal --generate-hashes --python-version 3.11
# What each lock file holds: all that a developer has; what production runs; tools that look for
# weaknesses and are in nobody's way.
WHOLE := pyproject.toml --group dev
TO_RUN := pyproject.toml --group install --constraints requirements.lock
TOOLS := --group tools
CHECKS := .tools/checks/bin/python
SECONDS ?= 3600

# Copies rather than links: a file changed below .venv then never changes uv's cache. Python is the
# one that is here; uv must not fetch another.
export UV_LINK_MODE := copy
export UV_PYTHON_DOWNLOADS := never
# A virtual environment that happens to be active must not receive our packages.
unexport VIRTUAL_ENV CONDA_PREFIX
# A process that may not keep what it compiled takes nine seconds to start instead of three.
unexport PYTHONDONTWRITEBYTECODE

# What the tests borrow from npm; without npm the tests that need it are skipped, with a word.
NODE_TOOLS := $(if $(shell command -v npm 2>/dev/null),tests/node/node_modules/.package-lock.json)

.PHONY: help install demo test check lint lock lock-check bench simulate simulate-controls docs sbom audit fuzz fix clean
.NOTPARALLEL:

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /  make \1|/p' Makefile | while IFS='|' read -r target what; do \
		printf '%-18s %s\n' "$$target" "$$what"; done

install: .venv/.installed ## make .venv exactly as requirements.lock says; does nothing if it is so

demo: install ## start the registry with an embedded database and a made-up country
	.venv/bin/ibr demo run

test: install $(NODE_TOOLS) ## run every test
	$(RUN) pytest -n 2 --dist loadfile

simulate-controls: install ## each bug that is put in on purpose must be found by the simulator
	IBR_TEST_SIMULATION=all $(RUN) pytest -n 0 tests/simulation

simulate: install ## faults by seed on the message layer: ROUNDS=100, or SEED=7 to see one again
	$(RUN) tests.simulation --rounds $(or $(ROUNDS),1) $(if $(SEED),--seed $(SEED))

check: install lint lock-check ## formatting, rules, types, imports between parts, the lock file

lint: install
	$(RUN) ruff format --check .
	$(RUN) ruff check .
	$(RUN) mypy --strict src
	.venv/bin/lint-imports

bench: install ## measure speed
	$(RUN) benchmarks

docs: install ## build the documentation into site/
	$(RUN) mkdocs build --strict

fix: install ## format, and mend what can be mended by machine
	$(RUN) ruff format .
	$(RUN) ruff check --fix .

lock: $(UV) ## write the lock files anew after pyproject.toml changed; UPGRADE=--upgrade for news
	$(COMPILE) $(WHOLE) $(UPGRADE) --output-file requirements.lock
	$(COMPILE) $(TO_RUN) --output-file requirements-run.lock
	$(COMPILE) $(TOOLS) $(UPGRADE) --output-file requirements-tools.lock

# Compiled over copies, so that versions already chosen stay and a new release fails nobody. uv ends
# with 1 when the requirements contradict each other, and with 2 when it could not ask at all.
lock-check: $(UV)
	@mkdir -p .cache && cp requirements*.lock .cache/; \
	$(COMPILE) $(WHOLE) --output-file .cache/requirements.lock >/dev/null && \
	$(COMPILE) $(TO_RUN) --output-file .cache/requirements-run.lock >/dev/null && \
	$(COMPILE) $(TOOLS) --output-file .cache/requirements-tools.lock >/dev/null; status=$$?; \
	if [ $$status -eq 2 ]; then echo "Lock files not checked: no package index answered."; exit 0; fi; \
	for lock in requirements*.lock; do \
		grep '^[A-Za-z0-9]' $$lock >.cache/pins.have; \
		grep '^[A-Za-z0-9]' .cache/$$lock >.cache/pins.want; \
		if [ $$status -ne 0 ] || ! diff .cache/pins.have .cache/pins.want; then \
			echo "$$lock does not match pyproject.toml: run make lock."; exit 1; fi; \
	done

sbom: install ## list every component with version, digests and licence: .cache/sbom.cdx.json
	$(RUN) docs_tools.sbom .cache/sbom.cdx.json

# It asks a service on the network, and fails where nobody answers: a list that was not looked at is
# not a clean one.
audit: $(CHECKS) ## ask PyPI's vulnerability service about every locked package
	@for lock in requirements.lock requirements-tools.lock; do \
		.tools/checks/bin/pip-audit --strict --disable-pip --require-hashes --requirement $$lock || { \
			echo "$$lock: a weakness was found, or nobody could be asked. Read above which."; exit 1; }; \
	done

fuzz: install $(CHECKS) ## search for inputs that readers stumble over; SECONDS=3600
	nice -n 19 $(RUN) tests.fuzzing $(SECONDS) --folder .cache/fuzz \
		--tools $$($(CHECKS) -c 'import sysconfig; print(sysconfig.get_path("purelib"))')

clean: ## remove what make made; data in var/ stays
	rm -rf .venv .tools .cache site .pytest_cache .mypy_cache .ruff_cache .hypothesis

.venv/.installed: requirements.lock pyproject.toml | $(UV)
	test -x .venv/bin/python || $(UV) venv --quiet --python '>=3.11' .venv
	$(UV) pip sync --quiet --python .venv --compile-bytecode --require-hashes requirements.lock
	$(UV) pip install --quiet --python .venv --no-deps --no-build-isolation --editable .
	touch $@

$(CHECKS): requirements-tools.lock .venv/.installed | $(UV)
	test -x $(CHECKS) || $(UV) venv --quiet --python .venv/bin/python .tools/checks
	$(UV) pip sync --quiet --python .tools/checks --require-hashes requirements-tools.lock
	@touch $@

tests/node/node_modules/.package-lock.json: tests/node/package-lock.json
	npm ci --prefix tests/node --silent --no-audit --no-fund
	@touch $@

.tools/bin/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed: make install PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv .tools || { rm -rf .tools; \
		echo "Python's venv is missing. On Debian or Ubuntu: apt-get install python3-venv"; exit 1; }
	.tools/bin/pip install --quiet --disable-pip-version-check 'uv>=0.9'
