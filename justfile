# The manual of everyday work: `just --list`. A step of CI is a recipe here.

# one profile and one target for tests, `all` and the test image, so that nothing is compiled twice
cargo := "--locked --target x86_64-unknown-linux-musl"

# list the recipes
default:
    @just --list --unsorted

# install what is missing, build, and run the whole platform in one process
run *arguments:
    ./scripts/run {{arguments}}

# the same, with a collector and a Prometheus that has the rules; says what to open
observe *arguments:
    ./scripts/observe {{arguments}}

# fill a running platform with people (by default the one of `just run`), through its public API
seed *arguments:
    ./scripts/seed {{arguments}}

# install what is missing, and pass all tests: the operator's on a real API server, the stories on a real cluster
test:
    ./scripts/test

# `deny`, and everything of `test` in full (all faults, more histories, the whole graph of people): takes long
prove:
    ./scripts/prove

# what the platform does per second, and its ratios; sections: auth social photo operator telemetry (default all)
bench *sections:
    ./scripts/bench {{sections}}

# format and lint, as CI does
lint:
    cargo fmt --all --check
    cargo clippy {{cargo}} --workspace --all-targets -- -D warnings

# Prometheus' rules: that they can be read, and that each alert fires and is silent as it should
rules:
    ./scripts/check-rules

# every object that is made for a cluster: kubeconform with a real API server's schemas, and kube-score
manifests:
    ./scripts/tools manifests
    cargo build {{cargo}} --workspace --bins
    ./scripts/check-manifests

# Grafana's dashboards, against the types that Grafana publishes
dashboards:
    ./scripts/check-dashboards

# the licenses, sources and bans of what we depend on (advisories too, where their database can be reached)
deny:
    ./scripts/tools deny
    PATH="$(./scripts/tools bin):$PATH" cargo deny --locked check bans licenses sources

# throw hostile pictures at crates/imaging, for half an hour unless said
fuzz seconds="1800":
    ./scripts/fuzz {{seconds}}

# write everything that is generated: .sqlx, dashboards and objectives, crds/, manifests/, bundle/, docs/openapi/
generate:
    ./scripts/sqlx write
    ./scripts/dashboards
    cargo build {{cargo}} --workspace --bins
    ./scripts/generate

# build the image (dev or release) into target/social-platform.oci.tar
image profile="dev":
    ./scripts/image {{profile}}

# the stories on a real cluster; E2E_CLUSTER chooses which (default e2e/cluster/run)
e2e *stories:
    ./scripts/image dev
    ./scripts/images-e2e
    ./scripts/e2e {{stories}}
