"""Types of settings that are web addresses. An error never repeats the value (S-47)."""

import re
from ipaddress import IPv6Address, ip_address
from typing import Annotated, Final
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator
from pydantic_settings import NoDecode

from common.setting_types import in_json

HOST: Final = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")
PATH: Final = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@%/-]*")
SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]*")
PORTS: Final = {"http": 80, "https": 443}


def split(value: str) -> SplitResult:
    """The parts of a URL with a valid host and port."""
    parts = urlsplit(value)  # raises ValueError for an invalid port or bracket
    host = parts.hostname or ""
    of_numbers = host.rpartition(".")[2][:1].isdigit()  # browsers read that as IPv4, too
    if ":" in host or of_numbers:
        ip_address(host)
    elif not HOST.fullmatch(host):
        raise ValueError("no host")
    if parts.port == 0 or parts.netloc.endswith(":") or not value.isascii() or not value.isprintable():
        raise ValueError("no port")
    return parts


def address(value: str) -> str:
    """An http or https URL for calls or links: without user, query, fragment or final slash."""
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
    """The site's address: the `iss` of tokens, compared byte by byte, and the base of all links."""
    if urlsplit(address(value)).path:
        raise ValueError("must have no path: https://api.example.com")
    return value


def base_address(value: str) -> str:
    """A URL to which we append a path or a fragment; a final slash is ignored."""
    return address(value.rstrip("/"))


Address = Annotated[str, AfterValidator(address)]
PublicAddress = Annotated[str, AfterValidator(public_address)]
BaseAddress = Annotated[str, AfterValidator(base_address)]

SECURE_STORES: Final = frozenset({"valkeys", "rediss"})
STORES: Final = SECURE_STORES | {"valkey", "redis"}
STORE_PORT: Final = 6379


def store_address(value: str) -> str:
    """Valkey or Redis: host, port and number of the database. Options could turn off the check of its certificate."""
    try:
        parts = split(value)
    except ValueError:
        parts = SplitResult("", "", "", "", "")
    if parts.scheme not in STORES or not re.fullmatch(r"(/\d{0,4})?", parts.path) or "?" in value or "#" in value:
        raise ValueError("must be an address such as valkey://store:6379/0, or with TLS valkeys://USER@store:6379/0")
    if parts.password is not None:
        raise ValueError("must not hold the password, which is a setting of its own: valkey://store:6379/0")
    return value


StoreAddress = Annotated[str, AfterValidator(store_address)]


EXAMPLES: Final = "https://app.example.com or http://localhost:3000"


def origin(value: str) -> str:
    """An origin exactly as browsers send it (RFC 6454, section 7): anything else would never match."""
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
