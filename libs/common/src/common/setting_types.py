"""The form of each kind of setting. A refusal says how a right value looks, and never repeats the value (S-47)."""

import inspect
import json
import re
from collections.abc import Sequence
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Address, IPv6Network, collapse_addresses, ip_address, ip_network
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import SplitResult, urlsplit

import asyncpg
from annotated_types import Ge
from pydantic import AfterValidator, BeforeValidator, PostgresDsn, TypeAdapter, ValidationError
from pydantic_settings import NoDecode

Network = IPv4Network | IPv6Network

TIME: Final = TypeAdapter(timedelta)
HOST: Final = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")
PATH: Final = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@%/-]*")
SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]*")
PORTS: Final = {"http": 80, "https": 443}
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


def split(value: str) -> SplitResult:
    """A URL's parts, with a host that can be one, and a port."""
    parts = urlsplit(value)  # raises ValueError for a port or a bracket that makes no sense
    host = parts.hostname or ""
    of_numbers = host.rpartition(".")[2][:1].isdigit()  # browsers, too, read that as IPv4
    if ":" in host or of_numbers:
        ip_address(host)
    elif not HOST.fullmatch(host):
        raise ValueError("no host")
    if parts.port == 0 or parts.netloc.endswith(":") or not value.isascii() or not value.isprintable():
        raise ValueError("no port")
    return parts


def address(value: str) -> str:
    """An http or https URL without what does not belong into one that others are told or called by."""
    try:
        parts = split(value)
    except ValueError:
        parts = SplitResult("", "", "", "", "")
    if parts.scheme not in PORTS or not PATH.fullmatch(parts.path):
        raise ValueError("must be an address such as https://api.example.com or http://127.0.0.1:8000")
    if parts.username is not None or "?" in value or "#" in value or value.endswith("/"):
        raise ValueError("must have no user, no query, no fragment and no slash at its end: https://api.example.com")
    return value


def public_address(value: str) -> str:
    """Of the whole site: tokens' `iss`, which is compared letter by letter, and what all other addresses begin with."""
    if urlsplit(address(value)).path:
        raise ValueError("must have no path: https://api.example.com")
    return value


def base_address(value: str) -> str:
    """What we put a path or a fragment behind: a slash at its end makes no difference."""
    return address(value.rstrip("/"))


Address = Annotated[str, AfterValidator(address)]
PublicAddress = Annotated[str, AfterValidator(public_address)]
BaseAddress = Annotated[str, AfterValidator(base_address)]


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


EXAMPLES: Final = "https://app.example.com or http://localhost:3000"


def origin(value: str) -> str:
    """What browsers send as `Origin`, letter by letter (RFC 6454, section 7): anything else would never match."""
    if value in {"*", "null"}:
        raise ValueError("lists exact origins; '*' and 'null' would let every page call with a token")
    if not SCHEME.fullmatch(value.partition("://")[0]) or "://" not in value:
        raise ValueError(f"must begin with its scheme in small letters: {EXAMPLES}")
    if "*" in value:
        raise ValueError(f"must name one host; there is no wildcard, so list each: {EXAMPLES}")
    try:
        parts = split(value)
    except ValueError:
        raise ValueError(f"must have a host in ASCII (or its xn-- form), and a port or none: {EXAMPLES}") from None
    if parts.path or "?" in value or "#" in value or parts.username is not None:
        raise ValueError(f"must end behind host and port, without a slash: {EXAMPLES}")
    host = parts.hostname or ""
    host = f"[{IPv6Address(host).compressed}]" if ":" in host else host
    port = "" if parts.port in {None, PORTS.get(parts.scheme)} else f":{parts.port}"
    if value != f"{parts.scheme}://{host}{port}":
        raise ValueError(f"must be as browsers send it, in small letters and without the scheme's own port: {EXAMPLES}")
    return value


Origins = Annotated[
    list[Annotated[str, AfterValidator(origin)]],
    NoDecode,
    in_json('["https://app.example.com", "http://localhost:3000"]'),
]


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
