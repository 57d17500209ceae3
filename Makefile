# `make` alone lists the targets. Each environment is built by the target that first needs it.
.DEFAULT_GOAL := help
.PHONY: help serve build offline check test verify audit records processors benchmark build-cost status environments clean
.DELETE_ON_ERROR:

PYTHON ?= python3.11
PORT ?= 8000
JOBS ?= auto
TESTS ?=
TOPIC ?=
SITE := .environments/site
FULL := .environments/full
MXNET := .environments/mxnet
AUDIT := .environments/audit
export NO_MKDOCS_2_WARNING := 1

# An environment counts only once its `complete` file is there, which is written last: an interrupted install is
# started afresh. One whose interpreter has gone, after an upgrade of Python say, is started afresh too.
$(foreach environment,$(SITE) $(FULL) $(MXNET),\
  $(shell $(environment)/bin/python -c "" 2>/dev/null || rm -f $(environment)/complete))

define install
	@$(PYTHON) -c "import sys; sys.exit(not (3, 11, 5) <= sys.version_info[:3] < (3, 12))" 2>/dev/null || { \
	  echo "This project needs Python 3.11, patch release 5 or later; '$(PYTHON)' is $$($(PYTHON) --version 2>/dev/null || echo 'not to be found')."; \
	  echo "Name the right one: make PYTHON=/path/to/python3.11 …"; exit 1; }
	@echo "Installing $< into $(@D). This happens once."
	@rm -rf $(@D)
	@$(PYTHON) -m venv $(@D)
	@$(@D)/bin/python -m pip install --disable-pip-version-check -r $<
	@$(@D)/bin/python -m pip check
	@touch $@
endef

help: ## List the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | awk -F'\t' '{printf "make %-14s %s\n", $$1, $$2}'

serve: $(SITE)/complete ## Show the site in both languages, with live reload (PORT=8000)
	$(SITE)/bin/python -m mkdocs serve --dev-addr 127.0.0.1:$(PORT)

build: $(SITE)/complete ## Build the static site into site/, strictly
	$(SITE)/bin/python -m mkdocs build --strict

offline: $(SITE)/complete ## Make a zip of the site to be read from disk, without any server
	rm -rf offline
	SITE_URL= $(SITE)/bin/python -m mkdocs build --strict --no-directory-urls --site-dir offline/verified-deep-learning
	$(SITE)/bin/python -m evidence.search.offline offline/verified-deep-learning

check: $(FULL)/complete $(MXNET)/complete ## Check what an edit needs: pages, style, a strict build, scripts without a receipt
	$(FULL)/bin/python -m mkdocs build --strict --quiet
	$(FULL)/bin/python -m pytest --numprocesses $(JOBS) --trust --receipts

test: $(FULL)/complete $(MXNET)/complete ## Run every test (TESTS=tests/site for some; JOBS=auto)
	$(FULL)/bin/python -m tests.browser
	$(FULL)/bin/python -m pytest --numprocesses $(JOBS) $(TESTS)

verify: $(FULL)/complete $(MXNET)/complete ## Run every test, and every script whole; write a receipt for each
	$(FULL)/bin/python -m tests.browser
	$(FULL)/bin/python -m pytest --numprocesses $(JOBS) --whole --receipts

audit: $(FULL)/complete $(AUDIT)/complete ## Check every page with Nu, axe and Lighthouse (needs Java and Node)
	$(FULL)/bin/python -m tests.browser
	$(FULL)/bin/python -m tests.audit
	EVERY_PAGE=yes $(FULL)/bin/python -m pytest --numprocesses $(JOBS) tests/site

records: $(FULL)/complete $(MXNET)/complete ## Run the snippets and notebooks whose records are stale, and record them
	$(FULL)/bin/python -m evidence run --stale --record
	$(FULL)/bin/python -m evidence.notebooks record

processors: $(FULL)/complete $(MXNET)/complete ## Hold every script, with three seeds that no record has, to its record as on three processors; takes hours
	@status=0; for processor in own avx2 sse4; do for seed in 1001 1002 1003; do \
	  echo "As on the processor '$$processor', seed $$seed"; \
	  PROCESSOR=$$processor $(FULL)/bin/python -m evidence run $(TOPIC) --seed $$seed -j 2 || status=1; \
	done; done; exit $$status

benchmark: $(FULL)/complete $(MXNET)/complete ## Measure the CNN beside public recipes, and record it; takes a while
	$(FULL)/bin/python -m evidence.benchmark

build-cost: $(SITE)/complete ## Measure what building costs, from 60 to 960 pages, beside plain Material for MkDocs
	$(SITE)/bin/python -m tests.build_cost

status: $(SITE)/complete ## Show which records are fresh, stale or missing
	$(SITE)/bin/python -m evidence status
	$(SITE)/bin/python -m evidence.notebooks status

environments: $(SITE)/complete $(FULL)/complete $(MXNET)/complete ## Build all three environments

clean: ## Remove the environments and everything that was built
	rm -rf .environments offline site .pytest_cache *.egg-info

$(SITE)/complete: requirements/site.txt requirements/constraints.txt pyproject.toml
	$(install)

$(FULL)/complete: requirements.txt requirements/site.txt requirements/constraints.txt pyproject.toml
	$(install)

$(MXNET)/complete: requirements/mxnet.txt
	$(install)

$(AUDIT)/complete:
	@echo "Installing the Nu HTML checker and Lighthouse into $(@D). This happens once."
	@npm install --prefix $(@D) --ignore-scripts vnu-jar@26.9.27 lighthouse@12.8.2
	@touch $@
