# The few commands of the project. `make help` lists them; each does its own set-up.
# The directory of this file, also when it holds spaces and make is called from elsewhere.
ROOT := $(shell dirname "$$(printf %s '$(MAKEFILE_LIST)' | sed 's/^ //')")
GO   := cd "$(ROOT)" &&

.DEFAULT_GOAL := help
.PHONY: help demo run quick test check bench lock texts
.NOTPARALLEL:
MAKEFLAGS += --no-print-directory

help: ## list the commands
	@$(GO) sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 16

demo: ## try it in a browser: no token, no account, no key
	@$(GO) tools/setup.sh runtime && exec .venv/bin/leadhand demo

run: ## set up, then `leadhand run`
	@$(GO) tools/setup.sh runtime && exec .venv/bin/leadhand run

quick: ## the everyday tests, without browser, real agents and slow parts
	@$(GO) tools/setup.sh dev && exec tools/test.sh quick

test: ## all checks and every test, slow parts in their short form
	@$(GO) tools/setup.sh dev && tools/check.sh static && exec tools/test.sh all

check: ## formatting, lint, types, imports, sizes, words, docs
	@$(GO) tools/setup.sh dev && exec tools/check.sh all

bench: ## measure against the baselines
	@$(GO) tools/setup.sh dev && exec .venv/bin/python -m bench

lock: ## resolve the dependencies again (UPGRADE=1 takes newer versions)
	@$(GO) tools/setup.sh dev && exec tools/lock.sh

texts: ## write the typed text keys and the generated parts of docs/
	@$(GO) tools/setup.sh dev && .venv/bin/python -m bot.text.generate && exec .venv/bin/python tools/docs.py
