#!/bin/sh
# Compile the locks from the pyprojects: for running, development, releases and clients. With hashes, without index URLs.
set -eu
cd "$(dirname "$0")/.."
compile() {
    uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url \
        --no-emit-find-links --no-emit-package trivium-common --extra tracing "$@"
}
compile libs/common/pyproject.toml services/*/pyproject.toml --output-file requirements.lock
compile --constraints requirements.lock --group pyproject.toml:dev \
    libs/common/pyproject.toml services/*/pyproject.toml --output-file requirements-dev.lock
for tools in release clients; do
    uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url \
        --no-emit-find-links --group pyproject.toml:$tools --output-file requirements-$tools.lock
done
