"""The formats of settings that name networks, such as those of trusted proxies."""

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator
from pydantic_settings import NoDecode

from common.setting_types import in_json

Network = IPv4Network | IPv6Network

WIDEST_4: Final = 8
"""10.0.0.0/8, the widest private network."""
WIDEST_6: Final = 7
"""fc00::/7, the same."""
WIDEST_PUBLIC_6: Final = 20
"""A registry for a continent has a /12; the proxies of one operator have at most a /20."""
MAPPED: Final = IPv6Network("::ffff:0:0/96")
"""IPv4 addresses in IPv6 notation."""


def network(value: Any) -> Network:
    try:
        return ip_network(value)
    except ValueError:
        raise ValueError("must be an address or a network, whose bits behind its length are 0: 10.0.0.0/8") from None


def narrow(networks: Sequence[Network]) -> Sequence[Network]:
    """Limit the width of networks: a trusted proxy can claim any address. Adjacent networks count as one."""
    four = collapse_addresses(one for one in networks if isinstance(one, IPv4Network))
    six = collapse_addresses(one for one in networks if isinstance(one, IPv6Network))
    if any(one.prefixlen < WIDEST_4 for one in four) or any(one.prefixlen < widest(one) for one in six):
        raise ValueError("names so wide a network that everybody would be a proxy")
    return networks


def widest(one: IPv6Network) -> int:
    """The shortest prefix that is allowed for its kind of network."""
    if one.overlaps(MAPPED):
        return MAPPED.prefixlen + WIDEST_4
    return WIDEST_6 if one.is_private else WIDEST_PUBLIC_6


def by_spaces(value: Any) -> Any:
    """As in Caddy, which reads the same variable."""
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
