# Everything begins here: `make help`.
.DEFAULT_GOAL := help
.PHONY: help run test coverage mutants check bench chaos reset setup lock fmt shell manage messages migrations pictures

# The first Python on this machine that is new enough; PYTHON=... chooses another.
PYTHON ?= $(shell for candidate in python3 python3.11 python3.12 python3.13 python3.14 python; do \
	"$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo "$$candidate" && break; done)
BOOTSTRAP = @if [ -z "$(PYTHON)" ]; then \
	echo "Markaz needs Python 3.11 or newer, and none was found (tried python3 and python3.11 to python3.14)." >&2; exit 1; fi; \
	"$(PYTHON)" -I devstack/bootstrap.py
# Where the environment forbids it, every one of a dozen processes would compile a thousand modules at each start.
unexport PYTHONDONTWRITEBYTECODE
VENV = .venv/bin/python
# Three processes even on two cores: many tests wait, and two leave a fifth of the time unused. CI also measures the modules that must be covered whole (pyproject.toml);
# at a desk that would cost a third of the time.
ALL_TESTS = -n 3 $(if $(CI),--cov --cov-report=term-missing)
# `make chaos` sends so much more to the tests that send hostile input. They compute, on both cores; before them, what kills
# the servers that all tests share has the machine to itself.
FUZZED = tests/whatsapp/mazbot/test_malformed.py tests/whatsapp/webhooks/test_signatures.py tests/guards/test_hostile_input.py \
	tests/guards/test_url_access.py tests/billing/test_any_order.py tests/browser/test_accessibility.py \
	tests/whatsapp/monitoring/test_hour.py tests/whatsapp/monitoring/test_any_answer.py \
	tests/centers/notifications/channels/test_hostile_addresses.py \
	tests/centers/notifications/channels/test_hostile_texts.py tests/whatsapp/notifications/test_outage.py \
	tests/centers/notifications/test_timing.py tests/billing/views/test_access.py tests/whatsapp/views/test_access.py \
	tests/billing/invoicing/test_exact_price.py tests/billing/invoicing/test_unbilled.py tests/billing/year \
	tests/billing/gateways/test_many_callbacks.py tests/billing/advances/test_random_advances.py \
	tests/billing/limits/test_at_once.py tests/billing/plans/test_random_months.py tests/billing/documents/test_qr.py \
	tests/billing/documents/test_ubl.py \
	tests/billing/invoicing/test_price_list_is_invoice.py tests/billing/test_fault_points.py \
	tests/billing/invoicing/test_price_of_each_day.py tests/guards/test_cost_leak.py \
	tests/billing/usage/test_zones.py tests/billing/tax/test_random_documents.py \
	tests/whatsapp/service/test_ambiguous_switches.py tests/whatsapp/alerts/test_acts.py
FUZZ = env MARKAZ_THOROUGH=1 MARKAZ_FUZZ_EXAMPLES=1500 MARKAZ_FUZZ_WEBHOOKS=10000 MARKAZ_FUZZ_TURNS=11
# For commands that look at production's settings; the values are placeholders, nothing connects to anything.
AS_PRODUCTION = env DEBUG=0 MARKAZ_DEMO=0 SITE_URL=https://markaz.example ALLOWED_HOSTS=markaz.example BEHIND_PROXY=1 \
	OPERATOR_EMAILS=operator@markaz.example EMAIL_URL=submission://user:password@mail.example:587 DEFAULT_FROM_EMAIL=billing@markaz.example \
	SECRET_KEY="$$($(VENV) -c 'import secrets; print(secrets.token_urlsafe(48))')" \
	VAPID_PRIVATE_KEY="$$($(VENV) -c 'import secrets; print(secrets.token_urlsafe(32))')" \
	FIELD_KEYS="$$($(VENV) -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())')"

help: ## show this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile | expand -t 20

run: ## start everything; prints the address and the logins (PORT=8000 SANDBOX_PORT=9100)
	$(BOOTSTRAP) memory devstack
	@exec $(VENV) -m devstack.supervisor

test: setup ## run all tests; those of the browser find or install a Chromium (ARGS=... for pytest instead of all)
	@exec $(VENV) -m pytest $(if $(ARGS),$(ARGS),$(ALL_TESTS))

coverage: setup ## run all tests and measure the whole source: at least 95 % of all branches (takes nearly twice as long as `make test`)
	@exec $(VENV) -m pytest -n 3 --cov --cov-config=tests/coverage.ini --cov-report=term-missing $(ARGS)

mutants: setup ## change the source of money, budget, permissions and dunning: tests have to notice (ARGS="--all billing/pricing")
	@exec $(VENV) -m devstack.mutants $(ARGS)

check: setup ## style, types, layers, migrations, templates, translations, deployment settings
	@$(MAKE) --no-print-directory -j 2 $(if $(filter output-sync,$(.FEATURES)),--output-sync=target) $(CHECKS)

# The longest first; two at a time.
CHECKS = check_types check_pages check_python check_product
.PHONY: $(CHECKS)

check_types:
	$(VENV) -m mypy
	.venv/bin/lint-imports

check_pages:
	$(VENV) -m devstack.page_style check
	$(VENV) -m devstack.icons check

check_python:
	$(VENV) -m ruff check .
	$(VENV) -m ruff format --check .

check_product:
	$(VENV) manage.py makemigrations --check --dry-run
	$(VENV) manage.py check_templates
	$(VENV) -m devstack.translations check
	$(AS_PRODUCTION) $(VENV) manage.py check --deploy --fail-level WARNING

bench: setup ## measure every figure that the README quotes
	@exec $(VENV) -m benchmarks $(ARGS)

chaos: setup ## kill real processes at the worst moments and count; attack with thousands of hostile inputs
	@$(if $(ARGS),exec $(FUZZ) $(VENV) -m pytest $(ARGS),failed=0; \
		$(FUZZ) $(VENV) -m pytest tests/chaos || failed=1; \
		$(FUZZ) $(VENV) -m pytest -n 2 $(FUZZED) || failed=1; exit $$failed)

reset: ## remove this checkout's data, after asking (YES=1: without asking)
	$(BOOTSTRAP) devstack
	@exec $(VENV) -m devstack.embedded reset $(if $(filter 1 yes true,$(YES)),--yes)

fmt: setup ## format Python, templates, style sheets and scripts; mend what ruff can mend
	$(VENV) -m ruff check --fix .
	$(VENV) -m ruff format .
	$(VENV) -m devstack.page_style write
	$(VENV) -m devstack.icons write

shell: setup ## a Python shell with every model, on this checkout's data
	@exec $(VENV) manage.py shell

manage: setup ## one of Django's commands: make manage ARGS="migrate --plan"
	@exec $(VENV) manage.py $(ARGS)

messages: setup ## bring the Arabic catalog up to date with the sources, compile and check it
	$(VENV) -m devstack.translations extract
	$(VENV) -m devstack.translations compile
	$(VENV) -m devstack.translations check

migrations: setup ## write the migrations that changed models need (ARGS="centers --name what_it_does")
	@exec $(VENV) manage.py makemigrations $(ARGS)

pictures: setup ## renew docs/screenshots from a fresh `make run`, and by the test of a night (PORT=8000)
	$(VENV) -m tests.browser.screenshots http://127.0.0.1:$(or $(PORT),8000)
	MARKAZ_PICTURES=$$(mktemp -d) && export MARKAZ_PICTURES && $(VENV) -m pytest -n 0 tests/browser/push/test_night.py && \
		$(VENV) -m tests.browser.screenshots "$$MARKAZ_PICTURES"; status=$$?; rm -rf "$$MARKAZ_PICTURES"; exit $$status

setup: ## install what tests and checks need
	$(BOOTSTRAP) dev

lock: setup ## pin the requirements and front-end packages to their newest versions
	$(VENV) -m venv .local/lock
	.local/lock/bin/python -m pip install --quiet uv
	for name in base devstack dev node; do \
		.local/lock/bin/python -m uv pip compile --upgrade --generate-hashes --no-emit-index-url --no-annotate \
			--python-version 3.11 --universal --custom-compile-command 'make lock' \
			requirements/$$name.in -o requirements/$$name.txt || exit 1; done
	npm install --package-lock-only --ignore-scripts
	cd tests/browser/chromium && npm install --package-lock-only --ignore-scripts
