# Every target is one call of the launcher; see docs/launcher.md.
# localstack/bootstrap.py needs nothing but Python 3.11 and pip.
PYTHON ?= $(shell command -v python3.11 || command -v python3 || echo python3.11)
LAUNCH := @$(PYTHON) localstack/bootstrap.py

# Said behind a target (make logs FN=gateway) or in the environment; never on a command
# line, where a password could be read by others.
export ENGINE FN CORRELATION FOLLOW RULE TIME EMAIL PASSWORD NAME ID FILE FORCE PYTEST T VERSION \
        TIDINGS_STACK

.PHONY: help demo up down status deploy logs run-rule create-admin rotate-keys \
        create-service services revoke-service \
        import-products test test-faults soak fuzz bench test-browser lint \
        contracts freeze-events lock clean-data declare-topology
.DEFAULT_GOAL := help

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: ## install what is missing, start everything, play a customer's story
	$(LAUNCH) demo

up: ## start the stack and deploy the code; safe to repeat
	$(LAUNCH) up

down: ## stop the stack; its data stays
	$(LAUNCH) down

status: ## what runs, since when, where; the public addresses
	$(LAUNCH) status

deploy: ## changed code to the running stack
	$(LAUNCH) deploy

logs: ## the functions' logs: FN=gateway CORRELATION=id FOLLOW=1
	$(LAUNCH) logs

run-rule: ## fire a scheduled rule now, or for a time: RULE=name TIME=2026-11-27T12:00:00Z
	$(LAUNCH) run-rule

create-admin: ## make an administrator: EMAIL=... PASSWORD=...
	$(LAUNCH) create-admin

create-service: ## credentials for a machine that sends notifications: NAME=...
	$(LAUNCH) create-service

services: ## the machines that have or had credentials
	$(LAUNCH) services

revoke-service: ## take a machine's credentials away: ID=...
	$(LAUNCH) revoke-service

rotate-keys: ## another key signs access tokens; nobody is logged out
	$(LAUNCH) rotate-keys

import-products: ## a CSV of products into the catalogue: FILE=products.csv
	$(LAUNCH) import-products

test: ## every test, on a stack of its own; T=path or PYTEST="-k name" narrow it
	$(LAUNCH) test

test-faults: export PYTEST = -m faults -s
test-faults: export T = tests/faults/test_faults.py tests/faults/test_campaigns.py
test-faults: export TIDINGS_SMTP_URL ?= smtp://127.0.0.1:24025
test-faults: ## every fault under load, and a table of what came of it
	$(LAUNCH) test

soak: export PYTEST = -m soak -s
soak: export T = tests/faults/test_soak.py
soak: export MINUTES ?= 30
soak: export TIDINGS_SMTP_URL ?= smtp://127.0.0.1:24025
soak: ## work for MINUTES=30, then the same accounting
	$(LAUNCH) test

fuzz: export PYTEST = -m fuzz
fuzz: ## long attacks: schemathesis as everybody, hostile values in every variable
	$(LAUNCH) test

bench: ## measurements as tables; T=name for one of tests/bench
	$(LAUNCH) bench

test-browser: export T = tests/browser
test-browser: ## GraphiQL in Chromium, which it installs (some 100 MB)
	$(LAUNCH) test

lint: ## formatting, lint, types, import direction, template
	$(LAUNCH) lint

contracts: ## write events/, docs/events.md and openapi.json from the typed code
	$(LAUNCH) contracts

freeze-events: ## keep today's sample events as those of a release: VERSION=1.2.0
	$(LAUNCH) freeze-events

lock: ## compile the pinned requirements anew
	$(LAUNCH) lock

clean-data: ## remove the stack's data, logs and secrets (asks; FORCE=1 does not)
	$(LAUNCH) clean-data

declare-topology: ## exchanges and queues to RabbitMQ (TIDINGS_AMQP_URL for any other)
	$(LAUNCH) declare-topology
