"""The form of each kind of setting. A refusal says how a right value looks, and never repeats the value (S-47)."""

import inspect
import json
import re
from collections.abc import Sequence
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network
from pathlib import Path
from typing import Annotated, Any, Final

import asyncpg
from annotated_types import Ge
from pydantic import AfterValidator, BeforeValidator, PostgresDsn, TypeAdapter, ValidationError
from pydantic_settings import NoDecode

Network = IPv4Network | IPv6Network

TIME: Final = TypeAdapter(timedelta)
WIDEST_4: Final = 8
"""10.0.0.0/8, the widest private network."""
WIDEST_6: Final = 7
"""fc00::/7, the same."""
WIDEST_PUBLIC_6: Final = 20
"""Whoever registers addresses for a continent has a /12, and nobody's proxies more than a /20."""
MAPPED: Final = IPv6Network("::ffff:0:0/96")
"""All of IPv4 as IPv6 writes it."""


def seconds(value: Any) -> Any:
    """`1.5` is seconds; pydantic alone would want `PT1.5S` of the environment, which is understood too."""
    if not isinstance(value, str):
        return value
    try:
        return TIME.validate_python(float(value))
    except ValueError:  # no number, or one that is no time
        pass
    try:
        return TIME.validate_python(value)
    except ValidationError:
        raise ValueError("must be a time in seconds, such as 1.5, or as PT1M30S") from None


Duration = Annotated[timedelta, BeforeValidator(seconds), Ge(timedelta(0))]


def in_json(example: str) -> BeforeValidator:
    """Read a list as JSON. pydantic-settings would do so before us, and say of a mistake nothing but the name."""

    def decode(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        try:
            found = json.loads(value)
        except ValueError:
            found = None
        if not isinstance(found, list) or not all(isinstance(item, str) for item in found):
            raise ValueError(f"must be a list of texts in JSON, such as {example}")
        return found

    return BeforeValidator(decode)


def network(value: Any) -> Network:
    try:
        return ip_network(value)
    except ValueError:
        raise ValueError("must be an address or a network, whose bits behind its length are 0: 10.0.0.0/8") from None


def narrow(networks: Sequence[Network]) -> Sequence[Network]:
    """Whoever is believed can say that it is somebody else, and so is never counted. Neighbours are one network."""
    four = collapse_addresses(one for one in networks if isinstance(one, IPv4Network))
    six = collapse_addresses(one for one in networks if isinstance(one, IPv6Network))
    if any(one.prefixlen < WIDEST_4 for one in four) or any(one.prefixlen < widest(one) for one in six):
        raise ValueError("names so wide a network that everybody would be a proxy")
    return networks


def widest(one: IPv6Network) -> int:
    """The length of prefix that a network of its kind has at least."""
    if one.overlaps(MAPPED):
        return MAPPED.prefixlen + WIDEST_4
    return WIDEST_6 if one.is_private else WIDEST_PUBLIC_6


def by_spaces(value: Any) -> Any:
    """As Caddy reads it, who gets the same variable."""
    if not isinstance(value, str):
        return value
    try:
        return [network(word) for word in value.split()]
    except ValueError:
        raise ValueError("must be networks with spaces between them: 192.0.2.0/24 2001:db8::/32") from None


Networks = Annotated[
    list[Annotated[Network, BeforeValidator(network)]],
    NoDecode,
    in_json('["10.0.0.0/8", "192.0.2.7"]'),
    AfterValidator(narrow),
]
SpacedNetworks = Annotated[list[Network], NoDecode, BeforeValidator(by_spaces), AfterValidator(narrow)]


def database_url(value: PostgresDsn) -> PostgresDsn:
    """One database on one server, for asyncpg. The password is a setting of its own."""
    (host, *more) = value.hosts()
    if more or not host["host"] or not host["username"] or not re.fullmatch(r"/[^/]+", value.path or ""):
        raise ValueError("must name user, host and database: postgresql://USER@HOST:5432/DATABASE")
    if host["password"] is not None:
        raise ValueError("must not hold the password, which is a setting of its own: postgresql://USER@HOST/DATABASE")
    known = {*inspect.signature(asyncpg.connect).parameters, "prepared_statement_cache_size"}
    if not {name for name, _ in value.query_params()} <= known or value.fragment:
        raise ValueError("asks for what asyncpg does not know; TLS is `?ssl=require`, not `?sslmode=require`")
    return value


DatabaseUrl = Annotated[PostgresDsn, AfterValidator(database_url)]


def folder(value: Path) -> Path:
    if value.exists() and not value.is_dir():
        raise ValueError("must be a folder, which is made if there is none; this is a file")
    return value


Folder = Annotated[Path, AfterValidator(folder)]


def word(value: str) -> str:
    if not value.strip():
        raise ValueError("must have letters or digits")
    return value


Words = Annotated[list[Annotated[str, AfterValidator(word)]], NoDecode, in_json('["trivium", "acme"]')]
