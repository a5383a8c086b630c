#!/bin/sh
# Compile the locks from the pyprojects: for running, for development, and for releases. With hashes, without index URLs.
set -eu
cd "$(dirname "$0")/.."
compile() {
    uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url \
        --no-emit-find-links --no-emit-package trivium-common --extra tracing "$@"
}
compile libs/common/pyproject.toml services/*/pyproject.toml --output-file requirements.lock
compile --constraints requirements.lock --group pyproject.toml:dev \
    libs/common/pyproject.toml services/*/pyproject.toml --output-file requirements-dev.lock
uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url \
    --no-emit-find-links --group pyproject.toml:release --output-file requirements-release.lock
