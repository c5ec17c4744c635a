# Two commands on a fresh machine: `make site` builds the site, `make test` runs every test (`make test-env` only sets it up).
PYTHON ?= python3
SITE := .venv
TEST := .venv-test
FONT := build/assets/math.woff2

.PHONY: site serve test test-env check bench clean

site: $(SITE)/.ready $(FONT)
	$(SITE)/bin/atlas build

serve: $(SITE)/.ready $(FONT)
	$(SITE)/bin/atlas serve

check: $(SITE)/.ready
	$(SITE)/bin/atlas check

test-env: $(TEST)/.ready

test: site $(TEST)/.ready node_modules/.ready
	$(TEST)/bin/ruff check .
	$(TEST)/bin/mypy
	$(TEST)/bin/python -m pytest -n 2

bench: $(SITE)/.ready $(FONT)
	$(SITE)/bin/atlas bench site

# The site's environment has no torch in it.
$(SITE)/.ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(SITE)
	$(SITE)/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(TEST)/.ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(TEST)
	$(TEST)/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt torch
	$(TEST)/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test,peers]'
	@touch $@

# npm trusts the certificates that the machine trusts.
node_modules/.ready: $(SITE)/.ready package.json package-lock.json
	PATH="$(CURDIR)/$(SITE)/bin:$$PATH" NODE_OPTIONS=--use-system-ca npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

# The mathematical font holds thousands of glyphs; the site needs a few hundred.
$(FONT): node_modules/.ready tools/site/font.py
	$(SITE)/bin/python -m tools.site.font $@

clean:
	rm -rf build site $(SITE) $(TEST) node_modules *.egg-info
