# Privgate. The two commands of the README are `make run` and `make test`; the others serve them.

VENV := .venv
BIN := $(VENV)/bin
EXTRAS ?=
ARGS ?=
export PIP_DISABLE_PIP_VERSION_CHECK := 1

ifneq ($(filter-out ocr,$(EXTRAS)),)
$(error EXTRAS=$(EXTRAS): the only extra is ocr)
endif

.PHONY: help install models run test check lint lock bench clean

help: ## What can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-9s %s\n", $$1, $$2}'

install: $(VENV)/.installed $(if $(filter ocr,$(EXTRAS)),$(VENV)/.installed-ocr) ## The virtual environment with the privgate command; EXTRAS=ocr adds EasyOCR

FRONTEND := gateway/web/console/frontend

$(VENV)/.installed: requirements-dev.lock pyproject.toml .ci/prerequisites $(FRONTEND)/package-lock.json $(FRONTEND)/build.py
	@python=$$(.ci/prerequisites) && \
	  if [ ! -x $(BIN)/python ]; then echo "privgate: making $(VENV) with $$python"; "$$python" -m venv $(VENV); fi
	@echo "privgate: installing the locked packages (1.2 GB, some minutes)"
	@$(BIN)/pip install --quiet --require-hashes -r requirements-dev.lock
	@$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.installed-ocr: $(VENV)/.installed requirements-ocr.lock
	@echo "privgate: installing EasyOCR and torch (another 1.1 GB), and fetching EasyOCR's weights"
	@$(BIN)/pip install --quiet -r requirements-ocr.lock
	@$(BIN)/privgate models fetch easyocr-english
	@touch $@

models: install ## The detection models, each checked against its hash
	$(BIN)/privgate models fetch

run: models ## The whole gateway on http://127.0.0.1:8080, with two demo photos
	$(BIN)/privgate up --demo $(ARGS)

# One file more at a time than there are cores, since tests also wait, for the disk and for other processes; at
# most four, and as many as find 3 GB each. By file, whose tests share what was started; in the order of
# tests/conftest.py, the longest first.
AT_ONCE = $(shell awk -v n=$$(nproc) '/^MemTotal/ { most = int($$2 / 3e6); n = n < most ? n + 1 : most; \
  print (n > 4 ? 4 : n < 2 ? 2 : n) }' /proc/meminfo)
SPREAD = -n $(AT_ONCE) --dist loadfile --no-loadscope-reorder

test: install ## Linters, types, import rules and the whole suite
	@.ci/prerequisites --tests >/dev/null
	$(MAKE) --no-print-directory models check
ifdef ARGS
	$(BIN)/pytest $(ARGS)
else # some files at a time; the journeys, each with processes of its own, apart from what shares one process
	.ci/second-chance $(BIN)/pytest $(SPREAD) --ignore tests/journeys
	.ci/second-chance $(BIN)/pytest $(SPREAD) tests/journeys
endif

check: install ## Linters, types and import rules only
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

# The build's lock is for the image, which holds no development tools; Node's wheel stays behind in its first stage.
# The extra's lock holds what it adds to the others, and no hashes: torch's wheels differ by index. Resolved for
# Python 3.11, whose versions suit 3.12 too.
lock: install ## Resolves the locked requirements anew
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  pyproject.toml --output-file requirements.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --extra dev --constraints requirements.lock pyproject.toml --output-file requirements-dev.lock
	printf 'hatchling\nnodejs-wheel-binaries\n' | $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	  --no-annotate --constraints requirements-dev.lock --output-file requirements-build.lock -
	$(BIN)/uv pip compile --quiet --upgrade --python-version 3.11 --python-platform x86_64-manylinux_2_28 --no-header --no-annotate \
	  --extra ocr --constraints requirements.lock pyproject.toml --output-file $(VENV)/ocr.lock
	awk -F '[=; ]' 'NR == FNR { known[$$1]; next } !($$1 in known)' requirements.lock $(VENV)/ocr.lock \
	  | sed 's/+[a-z0-9]*$$//' > requirements-ocr.lock

bench: models ## Measures on labelled images: make bench DATA=folder ARGS="--kinds face --html report.html"
	$(BIN)/privgate bench $(DATA) $(ARGS)

clean: ## Removes the virtual environment and the caches; data stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
