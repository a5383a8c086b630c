# folder: only with posts
"""posts' database, with its outbox."""

from collections.abc import AsyncIterator

import pytest

from common.db.database import Database
from posts.config import Settings
from tests.conftest import Cloner


@pytest.fixture
async def database(database_of: Cloner) -> AsyncIterator[Database]:
    settings = {**await database_of("posts"), "client_secret": "a-secret-for-tests-0123456789-abcdefghij"}
    database = Database(Settings.model_validate(settings))
    yield database
    await database.disconnect()
