# make demo   set up everything and run a whole study on clips that it makes
# make test   set up everything and run every test
.PHONY: help setup develop demo test lint docs lock wheelhouse
.DEFAULT_GOAL := help
DEMO ?= demo
ROLE ?= all
python := .venv/bin/python

help: ## say what can be made
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1\t\2/p' Makefile | expand -t 18

setup: ## install system packages and the Python environment (ROLE=annotator for a rating laptop)
	@scripts/setup $(ROLE)

develop: ## install what tests, checks and pages of the documentation need, too
	@scripts/setup dev

demo: setup ## run a whole study, from clips to Table 5 (in the folder demo; DEMO=DIR for another)
	@$(python) -m lab demo "$(DEMO)"

test: develop ## run every test
	@scripts/test

lint: develop ## check style, types and the arrows between packages
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports

docs: develop ## build the documentation as a site (build/site/index.html; needs no network)
	@$(python) -m handbook.write
	@.venv/bin/zensical build --clean --strict

lock: ## resolve pyproject.toml into requirements/ (needs uv)
	@scripts/lock

wheelhouse: setup ## pack what a rating laptop without internet needs
	@scripts/wheelhouse
