"""The site as browsers name it: passkeys are bound to its host, and used on pages of its origins.

Browsers know no passkeys for IP addresses. So a site at an IP address, as on a developer's machine, has them at
`localhost`, at the same port.
"""

from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

LOCAL: Final = "localhost"
PORTS: Final = {"http": 80, "https": 443}


def host_and_origin(issuer: str) -> tuple[str, str]:
    """The host to which the site's passkeys are bound, and the origin of its own pages."""
    parts = urlsplit(issuer)
    host = parts.hostname or ""
    host = LOCAL if is_ip_address(host) else host
    port = "" if parts.port in {None, PORTS[parts.scheme]} else f":{parts.port}"
    return host, f"{parts.scheme}://{host}{port}"


def for_passkeys(origins: list[str]) -> list[str]:
    """Raises ValueError: browsers make no passkeys on pages of one of these origins."""
    for origin in origins:
        parts = urlsplit(origin)
        if is_ip_address(parts.hostname or ""):
            raise ValueError("must name hosts: there are no passkeys for IP addresses")
        if parts.scheme != "https" and (parts.scheme, parts.hostname) != ("http", LOCAL):
            raise ValueError(f"must be https://, or http://{LOCAL}: passkeys need a secure page")
    return origins


def is_ip_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
