"""Replace the services' containers in turn, without a failed request: `make rolling-restart`, or `… SERVICE=posts`.

A new container, with the current image and settings, is ready before an old one stops. After `docker compose build` it
is also an upgrade: the migrations run first, and must be compatible with the old release
(docs/operations/migrations.md). auth comes last: the other services check its tokens, so they must know a new form
before auth issues it.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from deploy.docker.compose import DockerFailed, compose, docker
from deploy.services import ISSUER, REGISTRY, STARTED

PATIENCE = "30"  # seconds; a service stops within 25
LAST_WORDS = "20"  # lines
IN_TURN = sorted(STARTED, key=ISSUER.__eq__)


def replace_containers(service: str) -> None:
    """Migrate, then for each container: start another, and remove the old one once the new one is healthy."""
    if REGISTRY[service].database:
        compose("run", "--rm", "--no-deps", f"{service}-migrate")
    before = compose("ps", "--quiet", service).split()
    one_more = f"{service}={len(before) + 1}"
    for container in before:
        start_one_more(service, one_more)
        docker("stop", "--time", PATIENCE, container)
        docker("rm", container)
    sys.stdout.write(f"{service}: {len(before)} replaced\n")


def start_one_more(service: str, scale: str) -> None:
    """Scale up, and wait until all are healthy.

    An unhealthy container is removed again after its last log lines were printed: Docker's DNS would send it requests.
    """
    there = containers(service)
    try:
        compose("up", "--detach", "--no-deps", "--no-recreate", "--no-build", "--wait", "--scale", scale, service)
    except DockerFailed:
        for container in containers(service) - there:
            sys.stderr.write(docker("logs", "--tail", LAST_WORDS, container) + "\n")
            docker("rm", "--force", container)
        raise


def containers(service: str) -> set[str]:
    """A service's containers, stopped ones too: scaling up would start a stopped one, of the image that failed."""
    return set(compose("ps", "--all", "--quiet", service).split())


def main(services: Sequence[str]) -> int:
    """Exit code 0 if all were replaced."""
    try:
        for service in services:
            replace_containers(service)
    except DockerFailed as error:
        sys.stderr.write(f"trivium: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or IN_TURN))
