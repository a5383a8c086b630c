"""Access control. A route must declare exactly one policy, or the app does not start: closed by default (S-31).

- `SignedIn`: people. `MaybeSignedIn`: people, and anybody without a token. `WithRole`: people who have that role.
- `CallingService`: the named services.
- `@public`, below the router's decorator: anybody; tokens are ignored.

API keys may use what people may, without roles, if the key has the scope `{service}:read` (GET) or `{service}:write`.
Route classes and `@for_keys` except routes (`common.http.routing.ServiceRoute.for_keys`).
"""

from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import Any, Final, TypeVar

from fastapi.dependencies.models import Dependant

from common.http.deps import CallingService, CurrentUser, CurrentUserIfAny, WithRole

F = TypeVar("F", bound=Callable[..., Any])
MARK: Final = "__public__"
FOR_KEYS: Final = "__for_keys__"


class Access(StrEnum):
    """The kinds of policy."""

    PUBLIC = "public"
    MAYBE_SIGNED_IN = "maybe signed in"
    SIGNED_IN = "signed in"
    ROLE = "with a role"
    SERVICES = "services"


GUARDS: Final[dict[type[object], Access]] = {
    CurrentUser: Access.SIGNED_IN,
    CurrentUserIfAny: Access.MAYBE_SIGNED_IN,
    WithRole: Access.ROLE,
    CallingService: Access.SERVICES,
}


def public(endpoint: F) -> F:
    """Let anybody use a route."""
    setattr(endpoint, MARK, True)
    return endpoint


def for_keys(allowed: bool) -> Callable[[F], F]:  # reads well: @for_keys(False)
    """Let API keys use a route, or not, whatever its class says. Below the router's decorator."""

    def mark(endpoint: F) -> F:
        setattr(endpoint, FOR_KEYS, allowed)
        return endpoint

    return mark


def access_of(endpoint: Callable[..., Any], dependant: Dependant) -> Access:
    """The policy of a route.

    Raises:
        TypeError: it has none, or more than one.
    """
    found = {GUARDS[type(call)] for call in dependencies_of(dependant) if type(call) in GUARDS}
    if getattr(endpoint, MARK, False):
        found.add(Access.PUBLIC)
    if len(found) != 1:
        said = ", ".join(sorted(found)) or "nothing"
        raise TypeError(
            f"{endpoint.__qualname__} must say once who may use it, and says: {said}. See common.http.access."
        )
    return found.pop()


def dependencies_of(dependant: Dependant) -> Iterator[object]:
    """All dependencies of a route, at any depth."""
    for below in dependant.dependencies:
        yield below.call
        yield from dependencies_of(below)
