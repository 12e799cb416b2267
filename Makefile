# Two commands do everything on a machine that has Python 3.11+, git and make:
#
#   make serve    start the gateway; models named mock/... answer without any key
#   make test     build the wheel, install it, run every test against it
#
# Each makes the virtual environment it needs and remakes it when its pins change.

PYTHON ?= python3
ARGS ?=
PYTEST_ARGS ?=

DEV := .venv
WHEEL := .venv-wheel
CLIS := .clis
REQ := requirements
PINS := build runtime test dev

# A stamp in a virtual environment says what has been installed into it, and when.
DEV_RUNTIME := $(DEV)/.stamp-runtime
DEV_ALL := $(DEV)/.stamp-dev
WHEEL_READY := $(WHEEL)/.stamp-test
CLIS_READY := $(CLIS)/.stamp

CHECKED := src tests examples benchmarks docs typings conftest.py
CHECKED_HERE = $(wildcard $(CHECKED))

.DEFAULT_GOAL := help
.PHONY: help serve run test check lint fmt build bench docs pins install-hooks clean clis python

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

serve: $(DEV_RUNTIME) ## start the gateway (ARGS="--port 9000")
	$(DEV)/bin/lunaroute serve $(ARGS)

run: $(DEV_RUNTIME) ## run any lunaroute command (ARGS="config check lunaroute.yaml")
	$(DEV)/bin/lunaroute $(ARGS)

test: $(WHEEL_READY) clis ## run every test against the installed wheel (PYTEST_ARGS="-k sse")
	rm -rf build/wheel
	$(WHEEL)/bin/python -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir build/wheel .
	$(WHEEL)/bin/python -m pip install --quiet --no-deps --force-reinstall build/wheel/lunaroute-*.whl
	$(WHEEL)/bin/python -m pip check
	LUNAROUTE_TEST_INSTALLED=1 \
	LUNAROUTE_TEST_CLIS="$$([ ! -f $(CLIS_READY) ] || echo $(CURDIR)/$(CLIS)/node_modules/.bin)" \
		$(WHEEL)/bin/pytest $(PYTEST_ARGS)

check: lint test ## everything that continuous integration runs

lint: $(DEV_ALL) ## formatting, lint, types, import contracts, documentation
	$(DEV)/bin/ruff format --check $(CHECKED_HERE)
	$(DEV)/bin/ruff check $(CHECKED_HERE)
	$(DEV)/bin/pyright
	$(DEV)/bin/lint-imports
	$(DEV)/bin/sphinx-build -q -W --keep-going -b html docs docs/_build/html

fmt: $(DEV_ALL) ## format, and mend what ruff can mend by itself
	$(DEV)/bin/ruff format $(CHECKED_HERE)
	$(DEV)/bin/ruff check --fix $(CHECKED_HERE)

build: $(DEV_ALL) ## the source distribution and the wheel, into dist/
	rm -rf dist
	$(DEV)/bin/python -m build --no-isolation --outdir dist

bench: $(DEV_ALL) ## the benchmark of the README's performance section (a few minutes)
	$(DEV)/bin/python -m benchmarks $(ARGS)

docs: $(DEV_ALL) ## the documentation, into docs/_build/html
	$(DEV)/bin/sphinx-build -W --keep-going -b html docs docs/_build/html

install-hooks: $(DEV_ALL) ## run the checks before each commit and push
	$(DEV)/bin/pre-commit install --hook-type pre-commit --hook-type pre-push

clean: ## remove everything that these commands made
	rm -rf $(DEV) $(WHEEL) .venv-pins $(CLIS) build dist docs/_build
	rm -rf .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- virtual environments ---------------------------------------------------------------

python:
	@command -v $(PYTHON) >/dev/null || { \
		echo "$(PYTHON) was not found; install Python 3.11 or newer, or name one: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "LunaRoute needs Python 3.11 or newer, and $(PYTHON) is $$($(PYTHON) -V 2>&1);" \
		"name a newer one: make PYTHON=python3.12 ..." >&2; exit 1; }

$(DEV_RUNTIME): $(REQ)/runtime.txt $(REQ)/build.txt pyproject.toml | python
	[ -x $(DEV)/bin/python ] || $(PYTHON) -m venv $(DEV)
	$(DEV)/bin/python -m pip install --quiet -r $(REQ)/runtime.txt -r $(REQ)/build.txt
	$(DEV)/bin/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

$(DEV_ALL): $(DEV_RUNTIME) $(REQ)/dev.txt
	$(DEV)/bin/python -m pip install --quiet -r $(REQ)/dev.txt
	touch $@

# Made anew rather than brought up to date: the tests must not find a package that the
# pins no longer name.
$(WHEEL_READY): $(REQ)/test.txt $(REQ)/build.txt pyproject.toml | python
	rm -rf $(WHEEL)
	$(PYTHON) -m venv $(WHEEL)
	$(WHEEL)/bin/python -m pip install --quiet -r $(REQ)/test.txt -r $(REQ)/build.txt
	touch $@

# --- the real coding assistants that tests/clis drives ------------------------------------

clis:
	@$(MAKE) --no-print-directory $(CLIS_READY) || { \
		echo "***"; \
		echo "*** The tests with the real Claude Code, Codex and OpenCode will be SKIPPED:"; \
		echo "*** their programs could not be installed (they come from npm)."; \
		echo "***"; } >&2

# npm no longer runs the install scripts of packages that nobody has approved, so the two
# that put a program in place are run by name.
$(CLIS_READY): tests/clis/package.json
	[ -z "$(WITHOUT_CLIS)" ] && command -v npm >/dev/null
	mkdir -p $(CLIS)
	cp tests/clis/package.json $(CLIS)/package.json
	cd $(CLIS) && npm install --no-audit --no-fund --no-package-lock --ignore-scripts --loglevel=error
	cd $(CLIS) && node node_modules/@anthropic-ai/claude-code/install.cjs
	cd $(CLIS) && node node_modules/opencode-ai/postinstall.mjs
	touch $@

# --- pins ---------------------------------------------------------------------------------

# dev.txt is resolved first; the other files are its subsets, so that every environment runs
# the same versions. Run it with the oldest Python that is supported.
pins: | python ## resolve the dependencies anew and write requirements/*.txt
	rm -rf .venv-pins && $(PYTHON) -m venv .venv-pins/dev
	.venv-pins/dev/bin/python -m pip install --quiet --upgrade pip
	.venv-pins/dev/bin/python -m pip install --quiet '.[all]' --group dev
	$(call freeze,dev,.venv-pins/dev)
	for set in build runtime test; do \
		case $$set in \
			build) what='--group build' ;; \
			runtime) what='.' ;; \
			test) what='.[all] --group test' ;; \
		esac; \
		$(PYTHON) -m venv .venv-pins/$$set && \
		.venv-pins/$$set/bin/python -m pip install --quiet --upgrade pip && \
		.venv-pins/$$set/bin/python -m pip install --quiet -c $(REQ)/dev.txt $$what || exit 1; \
	done
	$(foreach set,build runtime test,$(call freeze,$(set),.venv-pins/$(set)) &&) true
	rm -rf .venv-pins

define freeze
{ echo "# Made by 'make pins' from pyproject.toml; do not edit."; \
	$(2)/bin/python -m pip freeze --exclude lunaroute --exclude pip --exclude setuptools \
	| sed -e 's/^\(uvloop==.*\)/\1 ; sys_platform != "win32"/'; } > $(REQ)/$(1).txt
endef
