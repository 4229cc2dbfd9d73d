# Every target is one call of the launcher; see docs/launcher.md.
# localstack/bootstrap.py needs nothing but Python 3.11 and pip.

# Variables that are said behind a target (make logs FN=gateway).
override ARGUMENTS := CORRELATION DOMAIN EMAIL ENGINE EVENT FILE FN FOLLOW FORCE FUZZ_SECONDS ID \
        MINUTES NAME PASSWORD PROMOTE PYTEST QUEUE READS RETURNS ROLE ROUTE RULE SCHEDULE T TIME VERSION

# Only the command line counts: in the environment, NAME and TIME mean something else. The
# launcher gets a value as it was typed, with the prefix TIDINGS_ARG_: make would expand a `$` in
# it, and run a `$(shell ...)`, when it hands the variable on under its own name. The environment
# and not the launcher's command line, because other users can read that.
override SAID := $(foreach name,$(.VARIABLES),$(if $(findstring command,$(origin $(name))),$(name)))
override TO_ARGUMENTS := $(filter $(ARGUMENTS),$(SAID))
override TO_ENVIRONMENT := $(filter-out $(ARGUMENTS) PYTHON SHELL MAKE% .%,$(SAID))
$(foreach name,$(SAID),$(eval override $(name) := $$(value $(name))))
$(foreach name,$(TO_ENVIRONMENT),$(eval export $(name)))
$(foreach name,$(TO_ARGUMENTS),$(eval unexport $(name)) \
        $(eval override TIDINGS_ARG_$(name) := $$($(name)))$(eval export TIDINGS_ARG_$(name)))
MAKEOVERRIDES :=

override INTERPRETER = $(or $(if $(filter PYTHON,$(SAID)),$(PYTHON)),$(value TIDINGS_PYTHON),$(shell \
        command -v python3.11 || command -v python3 || echo python3.11))
override LAUNCH = @'$(subst ','\'',$(INTERPRETER))' localstack/bootstrap.py

.PHONY: help demo up down status deploy dev gateway logs run-rule create-admin rotate-keys \
        create-service services revoke-service \
        import-products test test-faults soak fuzz bench test-browser lint \
        contracts new-operation new-consumer new-rule freeze-events lock clean-data declare-topology
.DEFAULT_GOAL := help

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-18s %s\n", $$1, $$2}' Makefile

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

dev: ## saved code runs at the next call, its logs stream here; Ctrl-C ends it
	$(LAUNCH) dev

gateway: ## the gateway alone by `chalice local`, with the working tree's code; Ctrl-C ends it
	$(LAUNCH) gateway

logs: ## the functions' logs: FN=gateway CORRELATION=id FOLLOW=1
	$(LAUNCH) logs

run-rule: ## fire a scheduled rule now, or for a time: RULE=name TIME=2026-11-27T12:00:00Z
	$(LAUNCH) run-rule

create-admin: ## make an administrator: EMAIL=... PASSWORD=..., or for an account EMAIL=... PROMOTE=1
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

test-faults: ## every fault under load, and a table of what came of it
	$(LAUNCH) test-faults

soak: ## work for MINUTES=30, then the same accounting
	$(LAUNCH) soak

fuzz: ## long attacks: schemathesis as everybody, hostile values, FUZZ_SECONDS=20 for each decoder
	$(LAUNCH) fuzz

bench: ## measurements as tables; T=name for one of tests/bench
	$(LAUNCH) bench

test-browser: ## GraphiQL in Chromium, which it installs (some 100 MB)
	$(LAUNCH) test-browser

lint: ## formatting, lint, types, import direction, template
	$(LAUNCH) lint

contracts: ## write events/, openapi.json, roles in the schema and tables in docs/ from the typed code
	$(LAUNCH) contracts

new-operation: ## files of an operation: DOMAIN= NAME= ROLE=, ROUTE="POST /api/v1/..." RETURNS= READS=1
	$(LAUNCH) new-operation

new-consumer: ## files of a consumer with a queue of its own: DOMAIN= NAME= QUEUE= EVENT=order.placed
	$(LAUNCH) new-consumer

new-rule: ## files of a scheduled rule and its job: DOMAIN= NAME= SCHEDULE="rate(5 minutes)"
	$(LAUNCH) new-rule

freeze-events: ## keep today's sample events as those of a release: VERSION=1.2.0
	$(LAUNCH) freeze-events

lock: ## compile the pinned requirements anew
	$(LAUNCH) lock

clean-data: ## remove the stack's data, logs and secrets (asks; FORCE=1 does not)
	$(LAUNCH) clean-data

declare-topology: ## exchanges and queues to RabbitMQ (TIDINGS_AMQP_URL for any other)
	$(LAUNCH) declare-topology
