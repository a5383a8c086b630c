"""Databases of each service: a migrated one and an empty one."""

import uuid
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from common.settings import MigrationSettings
from deploy.services import DATABASES
from tests.database import Template


@pytest.fixture(params=DATABASES)
def template(request: pytest.FixtureRequest, templates: dict[str, Template]) -> Template:
    return templates[request.param]


@pytest.fixture
async def database(template: Template) -> AsyncIterator[MigrationSettings]:
    """A connection to a service's migrated database as its owner."""
    name = f"{template.service}_{uuid.uuid4().hex[:12]}"
    await template.clone(name)
    yield template.owner_settings(name)
    await template.drop(name)


@pytest.fixture
async def empty(template: Template) -> AsyncIterator[MigrationSettings]:
    """An empty database of the service's owner."""
    name = f"{template.service}_{uuid.uuid4().hex[:12]}"
    await template.prepare()
    await template.run(f'CREATE DATABASE "{name}" OWNER "{template.service}_owner" STRATEGY file_copy')
    yield template.owner_settings(name)
    await template.drop(name)


async def connect(settings: MigrationSettings) -> Any:
    password = settings.owner_database_password.get_secret_value()
    return await asyncpg.connect(str(settings.owner_database_url), password=password)
