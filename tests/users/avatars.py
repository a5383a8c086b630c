"""The objects of avatars in a folder, and the choice of one."""

from pathlib import Path
from typing import Any

from httpx import AsyncClient

from users.config import Settings


def objects(settings: Settings) -> set[str]:
    """What is in the store."""
    assert settings.pictures_folder is not None
    return {path.name for path in settings.pictures_folder.iterdir()} if settings.pictures_folder.exists() else set()


def keys(name: str, *sizes: str) -> set[str]:
    return {f"users-{name}-{size}" for size in sizes}


def path_in(settings: Settings, name: str, size: str) -> Path:
    assert settings.pictures_folder is not None
    return settings.pictures_folder / f"users-{name}-{size}"


async def choose(client: AsyncClient, me: dict[str, str], url: str | None) -> Any:
    return await client.patch("/users/me", json={"avatar_url": url}, headers=me)
