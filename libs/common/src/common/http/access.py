"""Access control. A route must declare exactly one policy, or the app does not start: closed by default (S-31).

- `SignedIn`: people. `MaybeSignedIn`: people, and anybody without a token. `WithRole`: people who have that role.
- `CallingService`: the named services.
- `@public`, below the router's decorator: anybody; tokens are ignored.
"""

from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import Any, Final, TypeVar

from fastapi.dependencies.models import Dependant

from common.http.deps import CallingService, CurrentUser, CurrentUserIfAny, WithRole

F = TypeVar("F", bound=Callable[..., Any])
MARK: Final = "__public__"


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
