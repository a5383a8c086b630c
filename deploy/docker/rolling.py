"""Replace the services' containers in turn, without a failed request: `make rolling-restart`, or `… SERVICE=posts`.

A new container, of the image and the settings as they are now, is ready before an old one is told to stop. So it is an
upgrade too, after `docker compose build`: the migrations run first, which the old release must be able to live with
(docs/migrations.md).
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from deploy.docker.compose import DockerFailed, compose, docker
from deploy.local.secret_files import SERVICES

PATIENCE = "30"  # seconds; a service that is told to stop ends within 25


def replace_containers(service: str) -> None:
    """Migrate, then for each container: start one more, and remove the old one once the new one is healthy."""
    compose("run", "--rm", "--no-deps", f"{service}-migrate")
    before = compose("ps", "--quiet", service).split()
    one_more = f"{service}={len(before) + 1}"
    for container in before:
        compose("up", "--detach", "--no-deps", "--no-recreate", "--no-build", "--wait", "--scale", one_more, service)
        docker("stop", "--time", PATIENCE, container)
        docker("rm", container)
    sys.stdout.write(f"{service}: {len(before)} replaced\n")


def main(services: Sequence[str]) -> int:
    """0 if all were replaced."""
    try:
        for service in services:
            replace_containers(service)
    except DockerFailed as error:
        sys.stderr.write(f"trivium: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or SERVICES))
