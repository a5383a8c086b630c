"""The services. `make generate` writes this module from deploy/services.toml."""

from collections.abc import Mapping
from typing import Final, Literal, get_args

from pydantic import BaseModel, Field

from common.secrets import Secret
from common.url_types import Address

SERVICES: Final = ("auth", "users", "posts", "conduit")
AUDIENCES: Final = ("auth", "users", "posts")
"""The services that verify access tokens."""
Client = Literal["users", "posts"]
"""A service that signs in to auth."""
CLIENTS: Final[tuple[Client, ...]] = get_args(Client)
LISTENERS: Final[Mapping[str, tuple[str, ...]]] = {
    "account": ("users", "posts"),
    "account.erased": ("auth",),
    "author": ("users",),
    "block": ("posts",),
    "follow": ("posts",),
    "moderation": ("auth",),
    "operation": ("auth",),
    "profile": ("posts",),
    "session.ended": ("users", "posts"),
    "tokens.revoked": ("users", "posts"),
}
"""The services that get the events of each type."""
EXPORTERS: Final = ("auth", "users", "posts")
"""The services whose data are in `GET /users/me/export`, in its order."""


class Addresses(BaseModel):
    """Settings: the addresses of the services that others call."""

    auth_url: Address = Field("http://127.0.0.1:8001", description="Internal address of auth.")
    users_url: Address = Field("http://127.0.0.1:8002", description="Internal address of users.")
    posts_url: Address = Field("http://127.0.0.1:8003", description="Internal address of posts.")


class ClientSecrets(BaseModel):
    """Settings of `auth migrate`: the secrets with which the others sign in."""

    svc_users_secret: Secret = Field(description="The CLIENT_SECRET of users.")
    svc_posts_secret: Secret = Field(description="The CLIENT_SECRET of posts.")
