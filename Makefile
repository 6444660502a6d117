# Wye. `make help` lists what there is; each target tells what it is for.
GO          ?= go
STATICCHECK ?= honnef.co/go/tools/cmd/staticcheck@v0.6.1

.PHONY: run test test-long tools bench lint generate build help

run: ## Start Wye with rules.yaml and say what to try
	@$(GO) build -o bin/wye ./cmd/wye && exec bin/wye serve --rules rules.yaml

test: tools ## Run all tests with the race detector (a few minutes)
	$(GO) test -race ./...
	$(GO) test ./rules ./router/lanes # in full: the race detector would only slow down what one goroutine does

test-long: tools ## Run the long tests, an hour: 100 kills, 10 power cuts (root and loop devices needed), a million waiting, reloads, order
	WYE_LONG=1 $(GO) test -race -count=1 -timeout 120m -v -run 'TestKill|TestPowerCut|TestIsolation|TestLong' ./...

tools: # what tests need beside Go: Git, as server and client
	@command -v git >/dev/null || { apt-get update -q && apt-get install -yq git; }

bench: ## Measure Wye beside its floors and baselines, and the packages one by one (matching alone: wye bench match; deliveries: wye bench delivery)
	$(GO) run ./cmd/wye bench
	$(GO) test -run '^$$' -bench . ./rules ./schemas/... ./targets ./router/...

lint: ## Vet, format and static checks
	$(GO) vet ./...
	@test -z "$$(gofmt -l .)" || { echo "gofmt is needed on:"; gofmt -l .; exit 1; }
	$(GO) run $(STATICCHECK) ./...

generate: ## Write generated files anew (the JSON Schemas, the catalogue of findings)
	$(GO) generate ./...

build: ## Build the binary into bin/wye
	$(GO) build -trimpath -o bin/wye ./cmd/wye

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
