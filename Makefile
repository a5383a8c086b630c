# All commands of this repository. `make up` and `make test` need only make and Python 3.11 or later.
#
# Ports and places are variables: make up PORT=9000, make start PORT_BASE=9000 LOCAL_DIR=.local-2, …
# (PORT, PORT_BASE, POSTS_PORT, …, PG_PORT, LOCAL_DIR, PG_BIN, REPLICAS, REPLICAS_POSTS, …; see
# deploy/local/stack.py).

PYTHON ?= python3
VENV := .venv/bin
LOCAL := $(VENV)/python -m deploy.local
CODE := libs services deploy tests
# Local data, and the containers' generated secrets.
LOCAL_DIR ?= .local
COMPOSE := docker compose
COMPOSE_TEST_URL ?= http://127.0.0.1:8000
export LOCAL_DIR
# The commit in the images' labels.
export REVISION ?= $(shell git rev-parse --short=12 HEAD 2>/dev/null || echo unknown)

.DEFAULT_GOAL := help
.PHONY: up dev start stop status logs restart-one run mail mails seed demo reset psql migrate migration backup restore check
.PHONY: check-code check-made check-docs check-deploy format generate rename new-service remove-service new-resource openapi clients lock test
.PHONY: test-stack test-page screens test-clients test-clients-short test-providers test-pictures test-overlays test-search test-restarts test-new-service test-resource test-observability
.PHONY: test-start-order test-backup fuzz faults faults-short bench bench-peers timing overload compose-up compose-down
.PHONY: timing-page compose-upgrade rolling-restart pin-images test-compose test-cluster test-production test-pooler help bootstrap docs changelog sbom audit

##@ The stack on this machine

up: bootstrap ## run the whole stack in the foreground; Ctrl-C stops it
	@$(LOCAL) up

dev: bootstrap ## the same, and apply your edits within seconds: to services, page and, by new migrations, databases
	@$(LOCAL) dev

start: bootstrap ## run the whole stack in the background; returns when it is ready
	@$(LOCAL) start

stop: bootstrap ## stop what `make start` (or `make up`) started
	@$(LOCAL) stop

status: bootstrap ## show the processes, and why one is not usable; fails unless all are usable
	@$(LOCAL) status

logs: bootstrap ## show and follow the newest log lines: make logs SERVICE="posts gateway"
	@$(LOCAL) logs $(SERVICE)

restart-one: bootstrap ## migrate a service and restart its processes one by one: make restart-one SERVICE=posts
	@$(LOCAL) restart $(or $(SERVICE),$(error say which: make restart-one SERVICE=posts (or gateway, postgres)))

run: bootstrap ## run a service's command on the running stack: make run CMD="posts outbox status"
	@$(LOCAL) run $(or $(CMD),$(error say what: make run CMD="posts outbox status"))

mail: bootstrap ## list the newest mails of the running stack, with their links
	@$(LOCAL) mail

mails: bootstrap ## write all mails in all languages as files, to look at: make mails MAIL_TEMPLATES=folder BRAND_COLOUR="#7a1f5c"
	@$(VENV)/python -m auth write-mails $(LOCAL_DIR)/mails

seed: bootstrap ## fill the running stack with realistic data: make seed SIZE=20000 (posts, up to 1M) SEED=7
	@$(VENV)/python -m deploy.seed $(or $(SIZE),20000) --seed $(or $(SEED),7)

demo: bootstrap ## use a running stack like a person, and print each call
	@$(LOCAL).demo

reset: bootstrap ## stop, and delete all local data and secrets
	@$(LOCAL) reset

##@ Databases

psql: bootstrap ## open a service's database as its owner: make psql DB=posts ARGS="-c 'SELECT count(*) FROM posts'"
	@$(LOCAL) psql $(or $(DB),$(error say which: make psql DB=posts)) --arguments "$$ARGS"

migrate: bootstrap ## migrate the running stack's databases: make migrate SERVICE=posts
	@$(LOCAL) migrate $(SERVICE)

migration: bootstrap ## write the next migration from the models: make migration SERVICE=posts NAME="add a subtitle"
	@$(VENV)/python -m deploy.local.migrations new $(or $(SERVICE),$(error say whose: make migration SERVICE=posts NAME="add a subtitle")) "$(or $(NAME),$(error say what changes: make migration SERVICE=$(SERVICE) NAME="add a subtitle"))"

backup: bootstrap ## back up the databases to .local/backups: make backup TO=folder, make backup OF=compose
	@$(VENV)/python -m deploy.backup $(if $(filter compose,$(OF)),--compose) backup $(TO)

restore: bootstrap ## restore a backup while the stack runs: make restore FROM=.local/backups/… ONLY="users posts"
	@$(VENV)/python -m deploy.backup $(if $(filter compose,$(OF)),--compose) restore $(or $(FROM),$(error say from where: make restore FROM=.local/backups/…)) $(if $(ONLY),--only $(ONLY))

##@ Changing the code

# Four parts, two at a time for two cores: the longest comes first. Each stops at its first fault.
check: bootstrap ## lint, format, types, import contracts, generated files, migrations, OpenAPI, documentation, deployment, locks
	@$(MAKE) -s -j2 -O check-code check-made check-docs check-deploy

check-code: bootstrap
	@$(VENV)/ruff check $(CODE)
	@$(VENV)/ruff format --check $(CODE)
	@$(VENV)/mypy --strict $(CODE)
	@$(VENV)/python -m deploy.imports
	@if grep -n '://' requirements*.lock; then echo 'a lock names an address: use make lock'; exit 1; fi

check-made: bootstrap
	@$(VENV)/python -m deploy.generate --check
	@$(VENV)/python -m deploy.gateway.openapi --check
	@$(VENV)/python -m deploy.clients check
	@$(VENV)/python -m deploy.release.breaking

check-docs: bootstrap
	@$(VENV)/python -m deploy.local.migrations check
	@$(VENV)/python -m deploy.docs check

check-deploy: bootstrap ## lint the image recipes, docker-compose.yml and the Kubernetes manifests; no engine or cluster needed
	@$(VENV)/hadolint deploy/docker/Dockerfile deploy/gateway/Dockerfile
	@$(VENV)/yamllint --strict docker-compose.yml deploy
	@$(VENV)/python -m deploy.docker.check
	@$(VENV)/python -m deploy.kubernetes.check

format: bootstrap ## format the code, and fix what can be fixed
	@$(VENV)/ruff format $(CODE)
	@$(VENV)/ruff check --fix $(CODE)
	@$(VENV)/ruff format --quiet $(CODE)

generate: bootstrap ## write what follows from deploy/services.toml: constants, gateway paths, containers, manifests
	@$(VENV)/python -m deploy.generate

new-service: bootstrap ## lay out a service that works: make new-service NAME=billing (docs/tutorial/add-a-service.md)
	@$(VENV)/python -m deploy.generate.service new $(or $(NAME),$(error say its name: make new-service NAME=billing))
	@$(MAKE) -s bootstrap openapi clients
	@$(VENV)/python -m deploy.docs write
	@echo 'Next: `make check`, `make test ARGS="tests/$(NAME)"`, and a table of your own by `make new-resource SERVICE=$(NAME) …`.'

remove-service: bootstrap ## delete services' code and deployment: make remove-service NAME="billing ledger" DATA=billing (and local data)
	@$(VENV)/python -m deploy.generate.service remove $(or $(NAME),$(error say its name: make remove-service NAME=billing)) --data "$(DATA)"
	@$(VENV)/uv pip uninstall --quiet --python $(VENV)/python $(addprefix trivium-,$(NAME))
	@$(MAKE) -s bootstrap openapi clients
	@$(VENV)/python -m deploy.release.breaking --removed $(NAME)
	@$(VENV)/python -m deploy.docs write
	@echo 'Next: `git status`, `make check` and `make test`. Prose stays: `git grep -wE "$(subst $() $(),|,$(strip $(NAME)))" docs README.md`.'

rename: bootstrap ## give the product your own name, in code, packages, images, the page and problem types: make rename NAME=Acme
	@$(VENV)/python -m deploy.release.rename $(or $(NAME),$(error say the name: make rename NAME=Acme))
	@rm -f $(VENV)/trivium-stamp
	@$(MAKE) -s bootstrap openapi clients
	@$(VENV)/python -m deploy.generate
	@$(VENV)/python -m deploy.docs write

# FIELDS: line, text, count, moment, flag or link, each with ? if it is optional.
new-resource: bootstrap ## lay out a resource in a service: make new-resource SERVICE=posts NAME=polls FIELDS="question:line closes_at:moment?"
	@$(VENV)/python -m deploy.new_resource $(or $(SERVICE),$(error say whose: make new-resource SERVICE=posts NAME=polls FIELDS="question:line")) "$(or $(NAME),$(error say which: make new-resource SERVICE=$(SERVICE) NAME=polls FIELDS="question:line"))" "$(FIELDS)" $(if $(SINGULAR),--singular "$(SINGULAR)") $(if $(FORCE),--force)
	@$(MAKE) -s clients

openapi: bootstrap ## generate docs/openapi.json from the apps, after a change of routes or schemas
	@$(VENV)/python -m deploy.gateway.openapi

clients: bootstrap ## generate the parts of libs/clients that come from docs/openapi.json, after a change of it
	@$(VENV)/python -m deploy.clients write

docs: bootstrap ## generate the pages of docs/reference from the code, and build the site in .local/docs
	@$(VENV)/python -m deploy.docs write
	@$(VENV)/python -m deploy.docs site

lock: bootstrap ## compile the locks from the pyproject files
	@PATH="$(CURDIR)/$(VENV):$$PATH" sh deploy/lock.sh

##@ Tests

# Single tests of these take minutes.
test-backup test-clients test-cluster test-compose test-new-service test-observability test-pooler test-production \
test-resource test-restarts test-start-order faults faults-short fuzz overload timing: export PYTEST_TIMEOUT ?= 3600

# Compiled modules are kept, whatever the environment says: compiling the tests takes each worker half a minute.
test: export PYTHONDONTWRITEBYTECODE :=
test: bootstrap ## run the test suite, but for whole stacks (make test-stack): make test ARGS="-k posts -x"
	@$(VENV)/pytest -n 3 --no-loadscope-reorder $(ARGS)

# Without the tests of promised times, which `make timing` runs.
test-stack: bootstrap ## test the real processes behind their gateway, on stacks of their own, and the commands of the local stack
	@$(VENV)/pytest -m "stack and not timing" -n 2 --no-loadscope-reorder $(ARGS)

test-page: bootstrap ## test the web client in this machine's chromium; screenshots in .local/screenshots
	@$(VENV)/pytest tests/system/page -m "page and not timing" $(ARGS)

# begin: only with posts
screens: ## take the pictures of docs/screens anew, in this machine's chromium
	@$(MAKE) test-page ARGS="-k fit_to_be_shown"
	@$(VENV)/python -m deploy.docs screens
# end: only with posts

# begin: only with posts
test-clients: bootstrap ## generate clients from docs/openapi.json with six generators, compile and use them (needs Node, Go, Java)
	@$(VENV)/pytest tests/system/clients -m clients $(ARGS)
# end: only with posts

# begin: only with posts
# What this machine can run: without Node only openapi-python-client.
SHORT_CLIENTS := openapi_python_client $(if $(shell command -v npm),or openapi_typescript or in_node \
	$(if $(shell command -v chromium chromium-browser),or in_chromium))
test-clients-short: bootstrap ## libs/clients/typescript in Node and chromium, and the two fastest generators, as in .ci/run
	@$(VENV)/pytest tests/system/clients -m clients -k "$(SHORT_CLIENTS)" $(ARGS)
# end: only with posts

PROVIDERS := tests/auth/test_oidc_provider.py tests/auth/test_otplib.py tests/system/page/test_providers.py
test-providers: bootstrap ## sign in by a real provider of OpenID Connect, in chromium too, and with npm's authenticator (needs Node)
	@$(VENV)/pytest $(PROVIDERS) -m providers $(ARGS)

# begin: only with posts
# PG_BINS: folders with postgres, initdb and psql; the default is that of all tests. The system needs the locales.
test-search: export LC_CTYPES ?= C C.UTF-8 en_US.UTF-8
test-search: bootstrap ## test the results of search on several PostgreSQLs: make test-search PG_BINS="/usr/lib/postgresql/15/bin …"
	@for bin in $(or $(PG_BINS),""); do PG_BIN=$$bin $(VENV)/pytest tests/posts/test_search_table.py $(ARGS) || exit 1; done
# end: only with posts

test-pictures: bootstrap ## store pictures in a real S3, which PyPI has
	@$(VENV)/pytest tests/users/test_pictures_in_s3.py -m pictures $(ARGS)

test-overlays: bootstrap ## render the Kubernetes manifests as they are and as you may change them (needs kubectl, no cluster)
	@$(VENV)/pytest tests/deploy/test_overlays.py -m kubectl $(ARGS)

# begin: only with posts
test-restarts: bootstrap ## R-21: restart every service under load: make test-restarts RESTARTS=5
	@rm -f .local/restarts.json
	@REPLICAS=2 REPLICAS_POSTS=2 RESTARTS=$(or $(RESTARTS),5) $(VENV)/pytest tests/system/test_restarts.py -m faults $(ARGS)
	@cat .local/restarts.json
# end: only with posts

test-start-order: bootstrap ## R-22: start the services in every order
	@START_ORDERS=all $(VENV)/pytest tests/system/test_start_order.py -m faults $(ARGS)

# begin: only with posts
test-backup: export RESTORED ?= auth+posts users posts
test-backup: bootstrap ## R-27: restore databases as of different times, and after deletions (about 3 minutes)
	@$(VENV)/pytest tests/system/test_backup.py -m backup $(ARGS)
# end: only with posts

test-new-service: bootstrap ## lay out, switch on and remove services, rename the product, merge a release, in copies of the repository
	@$(VENV)/pytest tests/deploy -m new_service $(ARGS)

# begin: only with posts
test-resource: bootstrap ## lay out resources in a copy of the repository, check and test them
	@$(VENV)/pytest tests/deploy/test_new_resource.py tests/deploy/test_new_resource_in_copy.py -m resource $(ARGS)
# end: only with posts

fuzz: bootstrap ## send each service 10,000 generated requests from its OpenAPI document
	@FUZZ_CASES=$(or $(FUZZ_CASES),10000) $(VENV)/pytest tests -m fuzz $(ARGS)

# begin: only with posts
test-observability: bootstrap ## cause each alert on a running stack, with Debian's prometheus and libfaketime (PROMETHEUS, PROMTOOL: other programs)
	@$(VENV)/pytest tests/system/observability -m observability $(ARGS)
# end: only with posts

# Number or length of each fault; the tests' defaults are the short form.
faults: export KILLS ?= 64
faults: export STOPS ?= 6
faults: export LONGEST_STOP ?= 30
faults: export REFRESH_KILLS ?= 12
faults: export RELAY_KILLS ?= 24
faults: export ERASURE_KILLS ?= 10
faults: export SIGN_IN_KILLS ?= 2
faults: export AWAY ?= 30
faults: export AWAY_BOTH ?= 30
faults: export STEADY ?= 20
faults: export FAULT_SECONDS ?= 20
faults: export KEYS ?= 150
faults: export SKEWS ?= 5 -5 60 -60 288 -288
faults: bootstrap ## cause over 100 kills, stops, full disks, wrong clocks, …, and write docs/operations/reliability.md (15 minutes): SEED=7 RATE=30 AWAY=600
	@rm -f .local/faults.json
	@$(VENV)/pytest tests -m faults -s $(ARGS)
	@$(VENV)/python -m tests.system.faults.report faults --write

FAULTS_SHORT := faults/test_sign_in_killed.py test_start_order.py
# begin: only with posts
FAULTS_SHORT += faults/test_campaign.py faults/test_relay_killed.py faults/test_refresh_killed.py faults/test_erasure_killed.py \
	faults/network/test_poison.py faults/network/test_partitions.py test_restarts.py test_migration.py
# end: only with posts

faults-short: bootstrap ## cause the main faults, a few of each, as in .ci/run (about 4 minutes); does not change the page
	@rm -f .local/faults.json
	@$(VENV)/pytest $(addprefix tests/system/,$(FAULTS_SHORT)) -m faults $(ARGS)
	@$(VENV)/python -m tests.system.faults.report faults

##@ Speed

# begin: only with posts
bench: bootstrap ## compare the speed with a bare app, by wrk: make bench SECONDS=2 ROUNDS=7 ONLY=get_post
	@SECONDS=$(SECONDS) ROUNDS=$(ROUNDS) ROWS=$(ROWS) ONLY=$(ONLY) $(VENV)/python -m tests.benchmarks
# end: only with posts

# begin: only with posts
bench-peers: bootstrap ## compare servers that already run, by wrk: make bench-peers PEERS=peers.toml (docs/operations/performance.md)
	@$(VENV)/python -m tests.benchmarks.peers $(or $(PEERS),$(error name the file with the servers: PEERS=peers.toml))
# end: only with posts

timing: bootstrap ## promised times: S-07, S-26, S-27, R-09 to R-11, R-15; on an idle machine (about three minutes)
	@$(VENV)/pytest tests -m "timing and not page" -s $(ARGS)

# begin: only with posts
timing-page: bootstrap ## when the web client shows its first content over a slow network, in this machine's chromium
	@$(VENV)/pytest tests/system/page -m "timing and page" -s $(ARGS)
# end: only with posts

# begin: only with posts
overload: bootstrap ## R-17 to R-20, R-25, R-29: overload, on an idle machine (about 6 minutes); writes docs/operations/reliability.md
	@rm -f .local/overload.json
	@$(VENV)/pytest tests -m overload -s $(ARGS)
	@$(VENV)/python -m tests.system.faults.report overload --write
# end: only with posts

##@ Containers

compose-up: ## run the stack in containers, with secrets generated on first use; returns when it is ready
	@$(COMPOSE) up --detach --build --wait

compose-down: ## stop the containers (data stays; `docker compose down -v` deletes it)
	@$(COMPOSE) down

compose-upgrade: bootstrap ## build the images, migrate, and replace the containers one by one; PULL=--pull: on the newest bases
	@$(COMPOSE) build $(PULL)
	@$(COMPOSE) run --rm secrets
	@$(VENV)/python -m deploy.docker.rolling
	@$(COMPOSE) up --detach --no-recreate --wait
	@$(COMPOSE) up --detach --no-deps --wait gateway

rolling-restart: bootstrap ## replace the containers one by one, without a failed request: make rolling-restart SERVICE=posts
	@$(VENV)/python -m deploy.docker.rolling $(SERVICE)

pin-images: bootstrap ## write the current digests of the base images beside their tags
	@$(VENV)/python -m deploy.docker.pins

# begin: only with posts
test-compose: export ROLLS ?= 5
test-compose: export RATE ?= 30
test-compose: bootstrap ## run the system tests against the running containers, then faults on a separate stack of containers
	@SYSTEM_URL=$(COMPOSE_TEST_URL) $(VENV)/pytest tests/system -m "stack and not timing" $(ARGS)
	@rm -f .local/compose.json
	@$(VENV)/pytest tests/system/compose -m compose $(ARGS)
	@cat .local/compose.json
# end: only with posts

# begin: only with posts
test-cluster: export RATE ?= 20
test-cluster: bootstrap ## upgrade, roll back and cause faults under load on Kubernetes: KUBECONFIG=… LOAD_IMAGES="kind load docker-image"
	@rm -f .local/cluster.json
	@$(VENV)/pytest tests/system/cluster --ignore tests/system/cluster/production -m cluster $(ARGS)
	@cat .local/cluster.json

test-production: export RATE ?= 20
test-production: bootstrap ## overlays/production on Kubernetes, in small: switchovers, lost primaries, autoscaling (needs Go)
	@rm -f .local/production.json
	@FIGURES=production.json $(VENV)/pytest tests/system/cluster/production -m cluster $(ARGS)
	@cat .local/production.json
# end: only with posts

# begin: only with posts
test-pooler: export RATE ?= 20
test-pooler: bootstrap ## the stack behind PgBouncer as in overlays/production, and faults under load: PGBOUNCER=program (needs kubectl)
	@rm -f .local/pooler.json
	@$(VENV)/pytest tests/system/pooler -m pooler $(ARGS)
	@cat .local/pooler.json
# end: only with posts

##@ Releases

changelog: bootstrap ## write a release's section of CHANGELOG.md from changes/, and set the version: make changelog VERSION=0.2.0
	@$(VENV)/towncrier build --yes --version $(or $(VERSION),$(error say which: make changelog VERSION=0.2.0))
	@$(VENV)/python -m deploy.version $(VERSION)
	@$(MAKE) -s openapi
	@$(VENV)/python -m deploy.release.breaking --release

sbom: bootstrap ## write a bill of materials, .local/sbom.json (CycloneDX), and check the packages' licences
	@$(VENV)/python -m deploy.release.sbom

audit: bootstrap ## search for known vulnerabilities of all packages that run
	@$(VENV)/python -m deploy.release.audit

##@ Other

help: ## show this list
	@awk -F ':.*## ' '/^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  make %-18s %s\n", $$1, $$2}' Makefile

bootstrap: ## install the packages of requirements-dev.lock into .venv (every other command does so first)
	@$(PYTHON) -I deploy/local/bootstrap.py
