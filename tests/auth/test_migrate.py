"""`auth migrate` also stores the services' credentials."""

from typing import Any

from pydantic import SecretStr

from auth.client_commands import put_service_clients
from auth.config import MigrateSettings, Settings
from auth.services.secret_hashes import hash_secret
from common.db.database import Database
from common.services import ClientSecrets
from tests.auth.conftest import Connection


async def test_migrate_keeps_the_secret_before_valid(settings: Settings, superuser: Connection) -> None:
    """So that a secret can be replaced without a gap. A repetition changes nothing."""
    secrets = ["first secret " * 4, "second secret " * 4, "second secret " * 4]
    database = Database(settings)
    for secret in secrets:
        given: dict[str, Any] = dict.fromkeys(ClientSecrets.model_fields, SecretStr(secret))
        async with database.engine.begin() as connection:
            await put_service_clients(connection, MigrateSettings.model_construct(**given))
    await database.disconnect()
    row = await superuser.fetchrow("SELECT * FROM service_clients WHERE client_id = 'svc:users'")
    assert row is not None
    assert (row["secret_hash"], row["previous_hash"]) == (hash_secret(secrets[1]), hash_secret(secrets[0]))
