"""The caller's account."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from conduit.services.ports import Accounts, People
from conduit.services.records import OpenedSession, Profile, User

OF_ACCOUNT: Final = ("email", "username", "password")


@dataclass(frozen=True, slots=True)
class UserService:
    """Sign-up, sign-in, and the caller's own data: at most two calls each."""

    accounts: Accounts
    people: People
    people_of: Callable[[OpenedSession], People]
    """users, as a session that was just opened sees it."""

    async def sign_up(self, email: str, password: str, username: str) -> User:
        """Raises EmailTaken, UsernameTaken, FieldsRefused."""
        return await self._user_of(await self.accounts.sign_up(email, password, username))

    async def sign_in(self, email: str, password: str) -> User:
        """Raises CredentialsInvalid."""
        return await self._user_of(await self.accounts.sign_in(email, password))

    async def current(self, token: str) -> User:
        return user(await self.people.me(), token)

    async def update(self, token: str, changes: Mapping[str, str | None]) -> User:
        """Change what is given. The session goes on, with the same token, also after a change of password.

        Raises:
            EmailTaken, UsernameTaken, FieldsRefused.
            UsernameNeeded: to change more than the profile.
        """
        account = {name: value for name, value in changes.items() if name in OF_ACCOUNT and value is not None}
        if account:
            await self.accounts.change(account)
        profile = {name: value for name, value in changes.items() if name not in OF_ACCOUNT}
        return user(await self.people.edit(profile), token)

    async def _user_of(self, opened: OpenedSession) -> User:
        return user(await self.people_of(opened).me(), opened.token)


def user(profile: Profile, token: str) -> User:
    return User(profile.email or "", token, profile.username, profile.bio, profile.image)
