# Every target calls the launcher once; see docs/launcher.md.
# localstack/bootstrap.py needs only Python 3.11 and pip.

# The variables that can be set behind a target (make logs FN=gateway).
override ARGUMENTS := ACTOR COMPARE CORRELATION DATA DOMAIN EMAIL ENGINE EVENT FILE FN FOLLOW FORCE FUZZ_SECONDS \
        GREP ID KIND LEVEL MINUTES NAME PASSWORD PROMOTE PYTEST QUEUE READS RETURNS ROLE ROUTE RULE SCHEDULE SERVICE \
        SINCE T TEAM TIME UNTIL URL VERSION

# Only the command line is read, because NAME and TIME have another meaning in the environment.
# The launcher gets each value as it was typed, with the prefix TIDINGS_ARG_: make would expand a
# `$` in it, and run a `$(shell ...)`, if it exported the variable under its own name. Values are
# in the environment, because other users can read the launcher's command line.
override SAID := $(foreach name,$(.VARIABLES),$(if $(findstring command,$(origin $(name))),$(name)))
override TO_ARGUMENTS := $(filter $(ARGUMENTS),$(SAID))
override TO_ENVIRONMENT := $(filter-out $(ARGUMENTS) PYTHON SHELL MAKE% .%,$(SAID))
$(foreach name,$(SAID),$(eval override $(name) := $$(value $(name))))
$(foreach name,$(TO_ENVIRONMENT),$(eval export $(name)))
$(foreach name,$(TO_ARGUMENTS),$(eval unexport $(name)) \
        $(eval override TIDINGS_ARG_$(name) := $$($(name)))$(eval export TIDINGS_ARG_$(name)))
MAKEOVERRIDES :=

# Debian's Python is built with profile-guided optimization; that of pyenv is not, and needs a third
# more time (docs/decisions/0199). The first that is complete is used.
override SYSTEM_PYTHON := /usr/bin/python3.11
override INTERPRETER = $(or $(if $(filter PYTHON,$(SAID)),$(PYTHON)),$(value TIDINGS_PYTHON),$(shell \
        $(SYSTEM_PYTHON) -I -c 'import pip, sqlite3' 2>/dev/null && echo $(SYSTEM_PYTHON) \
        || command -v python3.11 || command -v python3 || echo python3.11))
override LAUNCH = @'$(subst ','\'',$(INTERPRETER))' localstack/bootstrap.py

.PHONY: help demo up down status monitoring doctor deploy dev gateway logs trace audit run-rule create-admin rotate-keys \
        create-service services set-team set-callback revoke-service \
        import-products test test-faults soak fuzz bench test-browser test-requests lint \
        contracts client docs cost second-emulator new-operation new-consumer new-rule freeze-events lock clean-data declare-topology
.DEFAULT_GOAL := help

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-18s %s\n", $$1, $$2}' Makefile

demo: ## install missing programs, start everything, run a customer's order as a demo
	$(LAUNCH) demo

up: ## start the stack and deploy the code; can be repeated
	$(LAUNCH) up

down: ## stop the stack; its data stays
	$(LAUNCH) down

status: ## the services with start time and address; the public addresses
	$(LAUNCH) status

doctor: ## check the installation, and say what to do: ports, versions, disk, clocks, queues, keys...
	$(LAUNCH) doctor

monitoring: ## start Prometheus (and Grafana, Loki, Alloy if installed) beside the running stack, until make down
	$(LAUNCH) monitoring

deploy: ## deploy changed code to the running stack
	$(LAUNCH) deploy

dev: ## run saved code at the next call, and show its logs; Ctrl-C ends it
	$(LAUNCH) dev

gateway: ## serve only the gateway by `chalice local`, with the working tree's code; Ctrl-C ends it
	$(LAUNCH) gateway

logs: ## show logs: FN=gateway or SERVICE=bridge, CORRELATION=id LEVEL=WARNING GREP=text SINCE=09:30 UNTIL= MINUTES=10 FOLLOW=1
	$(LAUNCH) logs

trace: ## draw the life of one request over all functions: CORRELATION=id, or ID= of an order or notification
	$(LAUNCH) trace

audit: ## print the audit trail as JSON lines: SINCE=09:30 UNTIL= or MINUTES=10, ACTOR=id, ID= of what was changed, CORRELATION=id
	$(LAUNCH) audit

run-rule: ## fire a scheduled rule now, or for a time: RULE=name TIME=2026-11-27T12:00:00Z
	$(LAUNCH) run-rule

create-admin: ## create an administrator: EMAIL=... PASSWORD=..., or for an account EMAIL=... PROMOTE=1
	$(LAUNCH) create-admin

create-service: ## create credentials for a program that sends notifications: NAME=... KIND=live, team or test
	$(LAUNCH) create-service

services: ## list the services that have or had credentials
	$(LAUNCH) services

set-team: ## set the accounts that a service of the kind team may send to: ID=... TEAM="a@b.example, ..."
	$(LAUNCH) set-team

set-callback: ## set the URL that gets the statuses of a service's messages: ID=... URL=https://..., or none without URL
	$(LAUNCH) set-callback

revoke-service: ## revoke a service's credentials: ID=...
	$(LAUNCH) revoke-service

rotate-keys: ## sign access tokens with another key; all people stay signed in
	$(LAUNCH) rotate-keys

import-products: ## import a CSV file of products: FILE=products.csv
	$(LAUNCH) import-products

test: ## run all tests but the long ones on separate stacks; T=path or PYTEST="-k name" select some
	$(LAUNCH) test

test-faults: ## run every fault under load, and print a table of the results
	$(LAUNCH) test-faults

soak: ## run load for MINUTES=30, then print the same table
	$(LAUNCH) soak

fuzz: ## run long attacks: schemathesis with every role, hostile values, FUZZ_SECONDS=20 for each decoder
	$(LAUNCH) fuzz

bench: ## measure, and print tables: T=name for one of tests/bench, COMPARE=<git ref> for two versions, DATA=file for recommendations
	$(LAUNCH) bench

test-browser: ## test GraphiQL and the console in Chromium, which it installs (about 100 MB)
	$(LAUNCH) test-browser

test-requests: ## run the requests of infra/requests by Bruno and httpYac, which it installs (about 350 MB)
	$(LAUNCH) test-requests

lint: ## check formatting, lint, types, import direction, template
	$(LAUNCH) lint

contracts: ## write events/, openapi.json, roles in the schema, tables and charts in docs/ from the typed code
	$(LAUNCH) contracts

client: ## generate the Python client and its wheel into .tidings/client: VERSION=1.2.0
	$(LAUNCH) client

docs: ## build the site of docs/ into .tidings/site; broken links are errors
	$(LAUNCH) docs

cost: ## print the costs on AWS per million orders, and what grows up to 10,000 orders a second
	$(LAUNCH) cost

second-emulator: ## deploy the templates of AWS to MiniStack, beside the running stack, and play a story there
	$(LAUNCH) second-emulator

new-operation: ## write the files of an operation: DOMAIN= NAME= ROLE=, ROUTE="POST /api/v1/..." RETURNS= READS=1
	$(LAUNCH) new-operation

new-consumer: ## write the files of a consumer with its own queue: DOMAIN= NAME= QUEUE= EVENT=order.placed
	$(LAUNCH) new-consumer

new-rule: ## write the files of a scheduled rule and its job: DOMAIN= NAME= SCHEDULE="rate(5 minutes)"
	$(LAUNCH) new-rule

freeze-events: ## store today's sample events as those of a release: VERSION=1.2.0
	$(LAUNCH) freeze-events

lock: ## compile the pinned requirements again
	$(LAUNCH) lock

clean-data: ## remove the stack's data, logs and secrets (asks; FORCE=1 does not)
	$(LAUNCH) clean-data

declare-topology: ## declare exchanges and queues in RabbitMQ (TIDINGS_AMQP_URL for another one)
	$(LAUNCH) declare-topology
