"""What auth's command line does beyond serving and migrating."""

from sqlalchemy.ext.asyncio import AsyncConnection

from auth.config import MigrateSettings
from auth.repositories.clients import ClientRepository
from auth.services.sign_in import hash_secret


async def put_service_clients(connection: AsyncConnection, settings: MigrateSettings) -> None:
    """Let users and posts sign in with the secrets they were given."""
    clients = ClientRepository(connection)
    for service, secret in (("users", settings.svc_users_secret), ("posts", settings.svc_posts_secret)):
        await clients.put(f"svc:{service}", hash_secret(secret.get_secret_value()))
