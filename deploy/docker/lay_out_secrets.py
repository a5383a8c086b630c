"""Write the containers' secrets: docker-compose.yml's service `secrets` runs this as root before all others.

`/given` is the folder that SECRETS names, if any: one file per secret. Missing secrets are generated once and begin
with `local-`, which PROFILE=production refuses. Each container then gets a folder with copies of its secrets, readable
only by its own user. It uses only the standard library, so that it runs in any image with Python.
"""

import os
import secrets
import sys
from pathlib import Path
from typing import Final

GIVEN: Final = Path("/given")
VOLUME: Final = Path("/secrets")
GENERATED_PREFIX: Final = "local-"  # as in common.settings, which refuses it
MIN_LENGTH: Final = 32
APP, POSTGRES = 10001, 999  # the users of our image, and of postgres:17
NEEDS: Final = {
    "auth": (APP, ("auth-password", "key-encryption-key", "refresh-key")),
    "auth-migrate": (APP, ("auth-owner-password", "svc-users-secret", "svc-posts-secret")),
    "auth-db": (POSTGRES, ("auth-superuser-password", "auth-owner-password", "auth-password")),
    "users": (APP, ("users-password", "svc-users-secret")),
    "users-migrate": (APP, ("users-owner-password",)),
    "users-db": (POSTGRES, ("users-superuser-password", "users-owner-password", "users-password")),
    "posts": (APP, ("posts-password", "svc-posts-secret")),
    "posts-migrate": (APP, ("posts-owner-password",)),
    "posts-db": (POSTGRES, ("posts-superuser-password", "posts-owner-password", "posts-password")),
}
# Never generated: the mail server's password, and previous keys during a rotation.
OPTIONAL: Final = {"auth": ("smtp-password", "key-encryption-key-previous", "refresh-key-previous")}
NAMES: Final = sorted({name for _, names in NEEDS.values() for name in names})


def main(given: Path = GIVEN, volume: Path = VOLUME) -> None:
    """Write every container's folder.

    Raises:
        SystemExit: production lacks its own secrets; the message names them.
    """
    production = os.environ.get("PROFILE") == "production"
    values = {name: given_secret(given / name) for name in NAMES}
    if not production:
        values = {name: value or kept(volume / "all" / name) for name, value in values.items()}
    wrong = [name for name, value in values.items() if value is None or (production and not is_sound(value))]
    if wrong:
        sys.exit(
            f"PROFILE=production needs secrets of its own, {MIN_LENGTH} characters or more: put {', '.join(wrong)} "
            "into a folder, a file each (openssl rand -base64 48), and name it: SECRETS=./folder"
        )
    for consumer, (user, names) in NEEDS.items():
        folder = volume / consumer
        folder.mkdir(exist_ok=True)
        folder.chmod(0o700)
        for name in names:
            write(folder / name, values[name] or "", user)
        for name in OPTIONAL.get(consumer, ()):
            if brought := given_secret(given / name):
                write(folder / name, brought, user)
            else:
                (folder / name).unlink(missing_ok=True)
        os.chown(folder, user, user)
        folder.chmod(0o500)


def given_secret(path: Path) -> str | None:
    return path.read_text().rstrip("\r\n") if path.is_file() else None


def is_sound(secret: str) -> bool:
    return len(secret) >= MIN_LENGTH and not secret.startswith(GENERATED_PREFIX)


def kept(path: Path) -> str:
    """The secret that was generated earlier, or a new one."""
    if not path.exists():
        path.parent.mkdir(mode=0o700, exist_ok=True)
        write(path, GENERATED_PREFIX + secrets.token_urlsafe(32), os.geteuid())
    return path.read_text()


def write(path: Path, secret: str, user: int) -> None:
    """Replace the file in one step: a container may be reading it."""
    unfinished = path.with_name(f".{path.name}")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400), "w") as file:
        file.write(secret)
    os.chown(unfinished, user, user)
    unfinished.rename(path)


if __name__ == "__main__":
    main()
