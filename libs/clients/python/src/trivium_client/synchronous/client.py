"""One method for each operation. Made by `make clients`; do not edit."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from trivium_client.calls import Call, new_key
from trivium_client.models import (
    AccountDeletion,
    AccountDeletionByAdmin,
    AccountResponse,
    AccountSessionPage,
    AccountUpdate,
    Action,
    AddressGiven,
    ApiKeyCreate,
    ApiKeyCreated,
    ApiKeyList,
    AuditEventPage,
    BlockedPage,
    CasePage,
    CaseReportPage,
    CodeAsked,
    CodeGiven,
    CommentCreate,
    CommentPage,
    CommentResponse,
    ExportResponse,
    FactorOff,
    FactorReset,
    FirstCode,
    FollowerPage,
    FormAnswer,
    IdentityList,
    KeySet,
    LeakedApiKey,
    LinkAddress,
    LinkOpened,
    LinkRequest,
    ManagedAccountPage,
    ManagedAccountResponse,
    NewAddress,
    NewFactorResponse,
    NewSession,
    NumberedPage,
    OwnAccountUpdate,
    OwnRemovalPage,
    ParkedEventAct,
    ParkedEventPage,
    PasskeyCreate,
    PasskeyCreation,
    PasskeyEndpoints,
    PasskeyList,
    PasskeyRequest,
    PasskeyResponse,
    PasskeySignInBody,
    PasskeyUpdate,
    PasswordChange,
    PasswordChosen,
    PasswordSignIn,
    PictureResponse,
    PostCreate,
    PostPage,
    PostResponse,
    PostUpdate,
    ProfilePage,
    ProfileResponse,
    ProfileUpdate,
    ProviderCode,
    ProviderList,
    RecoveryCodesResponse,
    RelatedOrigins,
    RemovalCreate,
    RemovalPage,
    ReportCreate,
    ReportResponse,
    RevokeForm,
    Role,
    SecondFactorResponse,
    SecondStepSignIn,
    ServerMetadata,
    SessionPage,
    SignInAnswer,
    SignInMethodsResponse,
    SignOut,
    StepUpProof,
    TagPage,
    TokenForm,
    TokenResponse,
    TrustedDevicesResponse,
    UploadResponse,
    UserCreate,
    UserResponse,
    WaysToSignIn,
)
from trivium_client.synchronous.connection import Connection


class Trivium(Connection):
    """The API, for threads. Each method is one operation."""

    def issue_token(self, form: TokenForm) -> TokenResponse:
        """Sign in with a password, stay signed in with a refresh token, exchange an API key, or sign a service in.

        Raises:
            InvalidClient: An unknown service, or the wrong secret.
            InvalidGrant: Wrong password or spent refresh token. The answer never tells which reason it was (S-06).
            InvalidRequest: A parameter is missing or malformed (RFC 6749, section 5.2).
            InvalidScope: The requested scope exceeds the available one.
            InvalidSubjectToken: The API key is unknown, revoked or expired, or its account may not sign in (RFC
                8693, section 2.2.2).
            InvalidTarget: No service has this audience or resource (RFC 8693, section 2.2.2).
            SignInClosed: Too many wrong passwords for this address in total: only sources of recent successful
                sign-ins may try.
            SignInThrottled: Too many wrong passwords for this address from this source; it has to wait.
            TooBusy: More passwords wait to be hashed than can be in time.
            UnsupportedGrantType: The server does not support the grant type.
        """
        return self._read(TokenResponse, Call("POST", "/auth/token", form=form, signed=False))

    def revoke_token(self, form: RevokeForm) -> None:
        """Sign out: end the session of a refresh or access token. Answers 200 for tokens that are unknown or dead.

        Raises:
            InvalidRequest: A parameter is missing or malformed (RFC 6749, section 5.2).
        """
        self._send(Call("POST", "/auth/revoke", form=form, signed=False))

    def list_ways_to_sign_in(self) -> WaysToSignIn:
        """Say which ways the sign-in page offers beside passkeys and providers (`/auth/providers`)."""
        return self._read(WaysToSignIn, Call("GET", "/auth/sign-in", signed=False))

    def sign_in_with_password(self, body: PasswordSignIn) -> SignInAnswer:
        """Sign in with a password. With a second factor, the answer is a challenge instead of tokens.

        Raises:
            SignInClosed: Too many wrong passwords for this address in total: only sources of recent successful
                sign-ins may try.
            SignInThrottled: Too many wrong passwords for this address from this source; it has to wait.
            TooBusy: More passwords wait to be hashed than can be in time.
            WrongCredentials: The sign-in is refused. The answer never tells which reason it was (S-06).
        """
        answer: SignInAnswer = self._choose(SignInAnswer, Call("POST", "/auth/sign-in", body=body, signed=False))
        return answer

    def sign_in_with_second_factor(self, body: SecondStepSignIn) -> NewSession:
        """Complete a sign-in with a code of the authenticator, or with a recovery code.

        A challenge has five tries in five minutes. Each code works once.

        Raises:
            ChallengeNotValid: The challenge is unknown, used, expired, tried too often, or void. The answer does
                not tell which.
            SignInClosed: Too many wrong passwords for this address in total: only sources of recent successful
                sign-ins may try.
            SignInThrottled: Too many wrong passwords for this address from this source; it has to wait.
            WrongCode: The code is wrong, outdated, or was used before. Not a 401: an access token is still valid.
        """
        return self._read(NewSession, Call("POST", "/auth/sign-in/second-factor", body=body, signed=False))

    def step_up_session(self, body: StepUpProof) -> TokenResponse:
        """Prove again who you are, in this session: after `insufficient-user-authentication` (RFC 9470).

        With a code or a recovery code if the account has a second factor, else with the password. Answers another
        access token, which says so; the refresh token stays.

        Raises:
            AccountNotFound: No account has this id.
            ProofMissing: A code is needed if the account has a second factor, else the password.
            SecondFactorOff: The account has no second factor.
            SignInClosed: Too many wrong passwords for this address in total: only sources of recent successful
                sign-ins may try.
            SignInThrottled: Too many wrong passwords for this address from this source; it has to wait.
            TooBusy: More passwords wait to be hashed than can be in time.
            WrongCode: The code is wrong, outdated, or was used before. Not a 401: an access token is still valid.
            WrongPassword: The current password is wrong. Not a 401: the access token is valid, and a new one would
                not help.
        """
        return self._read(TokenResponse, Call("POST", "/auth/sign-in/step-up", body=body))

    def sign_in_with_provider(self, body: ProviderCode) -> SignInAnswer:
        """Redeem the code with which a provider's sign-in returned to the page, within a minute and in the same
        browser.

        Raises:
            ProviderCodeNotValid: The code is unknown, used, expired, or another browser's; or its account may not
                sign in.
        """
        answer: SignInAnswer = self._choose(
            SignInAnswer, Call("POST", "/auth/sign-in/provider", body=body, signed=False)
        )
        return answer

    def get_second_factor(self) -> SecondFactorResponse:
        """Tell whether the caller has a second factor."""
        return self._read(SecondFactorResponse, Call("GET", "/auth/second-factor"))

    def set_up_authenticator(self) -> NewFactorResponse:
        """Get the secret of a new authenticator. It counts after `…/confirm`; another call replaces it.

        The session must have proven within ten minutes who its owner is.

        Raises:
            AccountNotFound: No account has this id.
            NotThisClient: The token was issued for another client.
            SecondFactorOn: The account has a second factor already.
        """
        return self._read(NewFactorResponse, Call("POST", "/auth/second-factor/totp"))

    def confirm_authenticator(self, body: FirstCode) -> RecoveryCodesResponse:
        """Turn the second factor on with its first code. Ends all other sessions; answers the recovery codes, once.

        Raises:
            AccountNotFound: No account has this id.
            NotThisClient: The token was issued for another client.
            NothingToConfirm: No authenticator waits for its first code, or it has waited too long.
            SecondFactorOn: The account has a second factor already.
            WrongCode: The code is wrong, outdated, or was used before. Not a 401: an access token is still valid.
        """
        return self._read(RecoveryCodesResponse, Call("POST", "/auth/second-factor/totp/confirm", body=body))

    def make_recovery_codes(self) -> RecoveryCodesResponse:
        """Replace the recovery codes. The session must have proven the second factor within ten minutes.

        Raises:
            AccountNotFound: No account has this id.
            NotThisClient: The token was issued for another client.
            SecondFactorOff: The account has no second factor.
        """
        return self._read(RecoveryCodesResponse, Call("POST", "/auth/second-factor/recovery-codes"))

    def turn_second_factor_off(self, body: FactorOff) -> None:
        """Turn the second factor off, with the password and a code. Trusted devices and recovery codes are deleted.

        The code may be left out if the session has proven the second factor within ten minutes. An account without
        a password leaves that out, and needs such a session.

        Raises:
            AccountNotFound: No account has this id.
            NotThisClient: The token was issued for another client.
            ProofMissing: A code is needed if the account has a second factor, else the password.
            SecondFactorOff: The account has no second factor.
            SignInClosed: Too many wrong passwords for this address in total: only sources of recent successful
                sign-ins may try.
            SignInThrottled: Too many wrong passwords for this address from this source; it has to wait.
            TooBusy: More passwords wait to be hashed than can be in time.
            WrongCode: The code is wrong, outdated, or was used before. Not a 401: an access token is still valid.
            WrongPassword: The current password is wrong. Not a 401: the access token is valid, and a new one would
                not help.
        """
        self._send(Call("POST", "/auth/second-factor/off", body=body))

    def list_trusted_devices(self) -> TrustedDevicesResponse:
        """List the devices that sign in without the second factor, the latest first."""
        return self._read(TrustedDevicesResponse, Call("GET", "/auth/second-factor/devices"))

    def forget_trusted_device(self, device_id: UUID) -> None:
        """Trust a device no more: its next sign-in needs the second factor.

        Raises:
            DeviceNotFound: The caller has no such trusted device.
        """
        self._send(Call("DELETE", f"/auth/second-factor/devices/{device_id}"))

    def ask_for_mail_code(self, body: AddressGiven) -> CodeAsked:
        """Mail a code to the address, if an account has it. The answer does not tell whether one has.

        Raises:
            MailCodesOff: This site does not send codes for signing in (MAIL_CODES).
        """
        return self._read(CodeAsked, Call("POST", "/auth/sign-in/mail-code", body=body, signed=False))

    def sign_in_with_mail_code(self, body: CodeGiven) -> SignInAnswer:
        """Sign in with the mailed code, where it was asked for. It also verifies the address. Five tries for each
        code.

        Raises:
            CodeNotValid: The code is wrong, used or expired, or was asked for in another browser. The answer never
                tells which.
            MailCodesOff: This site does not send codes for signing in (MAIL_CODES).
        """
        answer: SignInAnswer = self._choose(
            SignInAnswer, Call("POST", "/auth/sign-in/mail-code/confirm", body=body, signed=False)
        )
        return answer

    def begin_passkey_sign_in(self) -> PasskeyRequest:
        """Get what the browser needs to ask for a passkey. No name is needed."""
        return self._read(PasskeyRequest, Call("POST", "/auth/sign-in/passkey/options", signed=False))

    def sign_in_with_passkey(self, body: PasskeySignInBody) -> SignInAnswer:
        """Sign in with a passkey. Every refusal is the same, whatever the reason.

        Raises:
            WrongCredentials: The sign-in is refused. The answer never tells which reason it was (S-06).
        """
        answer: SignInAnswer = self._choose(
            SignInAnswer, Call("POST", "/auth/sign-in/passkey", body=body, signed=False)
        )
        return answer

    def register(self, body: UserCreate, *, idempotency_key: str | None = None) -> UserResponse:
        """Open an account. Sign in with it at `/auth/token`; its profile is at `Location`.

        Mails are in the language `locale`, or else in the best one of `Accept-Language` that there are mails in.

        Raises:
            AddressNeedsSmtputf8: An address to which this site's mail server cannot send (RFC 6531).
            BadIdempotencyKey: The key is not 1 to 255 visible ASCII characters.
            EmailTaken: Another account has this address.
            IdempotencyKeyReused: The key was used with another body.
            RequestInProgress: The first request with this key is still running.
            SpecialUseDomain: An address of a special-use domain (RFC 6761) that this site does not accept.
            TooBusy: More passwords wait to be hashed than can be in time.
            WeakPassword: The new password is too short, too common, or made of words that others know of its owner.
        """
        return self._read(
            UserResponse,
            Call("POST", "/auth/register", body=body, idempotency_key=idempotency_key or new_key(), signed=False),
        )

    def get_own_account(self) -> AccountResponse:
        """Get the caller's account.

        Raises:
            AccountNotFound: No account has this id.
        """
        return self._read(AccountResponse, Call("GET", "/auth/me"))

    def change_own_account(self, body: OwnAccountUpdate) -> AccountResponse:
        """Change the language of mails to the caller. Mails that wait to be sent keep theirs.

        Raises:
            AccountNotFound: No account has this id.
        """
        return self._read(AccountResponse, Call("PATCH", "/auth/me", body=body))

    def delete_own_account(self, body: AccountDeletion) -> None:
        """Delete the caller's account for good, with all data that the services hold about it.

        An account without a password leaves it out. Its session must have proven within ten minutes who its owner
        is.

        All devices are signed out at once. Profile, posts and drafts are hidden within seconds and then removed,
        with likes, follows and blocks. Comments under others' posts stay, without an author. After that the address
        may be used for a new account.

        Raises:
            AccountNotFound: No account has this id.
            LastAdmin: Without this account nobody could manage the others.
            NotThisClient: The token was issued for another client.
            ProofMissing: A code is needed if the account has a second factor, else the password.
            SignInClosed: Too many wrong passwords for this address in total: only sources of recent successful
                sign-ins may try.
            SignInThrottled: Too many wrong passwords for this address from this source; it has to wait.
            TooBusy: More passwords wait to be hashed than can be in time.
            WrongPassword: The current password is wrong. Not a 401: the access token is valid, and a new one would
                not help.
        """
        self._send(Call("POST", "/auth/account/deletion", body=body))

    def list_sessions(self, *, limit: int | None = None, cursor: str | None = None) -> SessionPage:
        """List where the caller is signed in, the latest sign-in first.

        Raises:
            BadCursor: The cursor was not issued for this list.
        """
        return self._read(SessionPage, Call("GET", "/auth/sessions", query={"limit": limit, "cursor": cursor}))

    def end_other_sessions(self) -> None:
        """Sign out all devices but this one."""
        self._send(Call("DELETE", "/auth/sessions"))

    def end_session(self, session_id: UUID) -> None:
        """Sign out one device. Its access tokens are refused everywhere within seconds.

        Raises:
            SessionNotFound: The account has no such session, or it has ended.
        """
        self._send(Call("DELETE", f"/auth/sessions/{session_id}"))

    def list_api_keys(self) -> ApiKeyList:
        """List the caller's API keys, the newest first, without their texts."""
        return self._read(ApiKeyList, Call("GET", "/auth/keys"))

    def create_api_key(self, body: ApiKeyCreate) -> ApiKeyCreated:
        """Create an API key. Its text is in this answer only; programs exchange it at `/auth/token`.

        The session must have proven within ten minutes who its owner is. If the answer was lost, a repeated request
        is refused by the name: revoke that key, and create another one.

        Raises:
            AccountNotFound: No account has this id.
            ApiKeyMustExpire: This site has no API keys without an expiry.
            ApiKeyNameTaken: The caller has an API key of this name. A repeated request gets this, since keys are
                shown only once.
            NotThisClient: The token was issued for another client.
            TooManyApiKeys: The caller has as many API keys as an account may have.
        """
        return self._read(ApiKeyCreated, Call("POST", "/auth/keys", body=body))

    def report_leaked_api_key(self, body: LeakedApiKey) -> None:
        """Report an API key that was found in a public place. If it is real, it is revoked, and its owner gets a mail.

        The answer is the same for every text.
        """
        self._send(Call("POST", "/auth/keys/leaked", body=body, signed=False))

    def revoke_api_key(self, key_id: UUID) -> None:
        """Revoke an API key. Its access tokens are refused everywhere within seconds.

        Raises:
            ApiKeyNotFound: The caller has no such API key, or it is revoked.
        """
        self._send(Call("DELETE", f"/auth/keys/{key_id}"))

    def list_passkeys(self) -> PasskeyList:
        """List the caller's passkeys, the newest first."""
        return self._read(PasskeyList, Call("GET", "/auth/passkeys"))

    def add_passkey(self, body: PasskeyCreate, *, idempotency_key: str | None = None) -> PasskeyResponse:
        """Add the passkey that the browser has made. The owner gets a mail.

        Raises:
            AccountNotFound: No account has this id.
            BadIdempotencyKey: The key is not 1 to 255 visible ASCII characters.
            IdempotencyKeyReused: The key was used with another body.
            NotThisClient: The token was issued for another client.
            PasskeyNotValid: The browser's answer is malformed, too late, repeated, or of another site, account or
                session.
            PasskeyTaken: This passkey has been added before, to this account or to another one.
            RequestInProgress: The first request with this key is still running.
            TooManyPasskeys: The account has as many passkeys as it may have.
        """
        return self._read(
            PasskeyResponse, Call("POST", "/auth/passkeys", body=body, idempotency_key=idempotency_key or new_key())
        )

    def begin_passkey(self) -> PasskeyCreation:
        """Get what the browser needs to make a passkey. Needs a recent proof of who it is.

        Raises:
            AccountNotFound: No account has this id.
            NotThisClient: The token was issued for another client.
            TooManyPasskeys: The account has as many passkeys as it may have.
        """
        return self._read(PasskeyCreation, Call("POST", "/auth/passkeys/options"))

    def rename_passkey(self, passkey_id: int, body: PasskeyUpdate) -> PasskeyResponse:
        """Give a passkey another name.

        Raises:
            PasskeyNotFound: The caller has no such passkey.
        """
        return self._read(PasskeyResponse, Call("PATCH", f"/auth/passkeys/{passkey_id}", body=body))

    def remove_passkey(self, passkey_id: int) -> None:
        """Remove a passkey. Needs a recent proof of who it is; the owner gets a mail.

        Raises:
            AccountNotFound: No account has this id.
            LastWayIn: The account has no password, and nothing else would be left to sign in with.
            NotThisClient: The token was issued for another client.
            PasskeyNotFound: The caller has no such passkey.
        """
        self._send(Call("DELETE", f"/auth/passkeys/{passkey_id}"))

    def change_password(self, body: PasswordChange) -> None:
        """Change the caller's password. Ends all other sessions; wrong current passwords count like failed sign-ins.

        An account without a password gets its first one. The session must then have proven within ten minutes who
        its owner is.

        Raises:
            AccountNotFound: No account has this id.
            NotThisClient: The token was issued for another client.
            ProofMissing: A code is needed if the account has a second factor, else the password.
            SignInClosed: Too many wrong passwords for this address in total: only sources of recent successful
                sign-ins may try.
            SignInThrottled: Too many wrong passwords for this address from this source; it has to wait.
            TooBusy: More passwords wait to be hashed than can be in time.
            WeakPassword: The new password is too short, too common, or made of words that others know of its owner.
            WrongPassword: The current password is wrong. Not a 401: the access token is valid, and a new one would
                not help.
        """
        self._send(Call("POST", "/auth/password", body=body))

    def ask_to_verify_email(self, body: AddressGiven) -> None:
        """Mail a link that verifies the address, if an account has it. Signing up does this as well.

        If no mail is sent, a caller who is signed in as that account gets the reason.

        Raises:
            EmailAlreadyVerified: The caller's address is verified already.
            TooManyMails: Too many mails of a kind were sent recently. Only for signed-in callers: others are not
                told.
        """
        self._send(Call("POST", "/auth/verify-email", body=body))

    def verify_email(self, body: LinkOpened) -> None:
        """Verify the address of an account. The same link again is 204 and changes nothing.

        Raises:
            LinkNotValid: The token of a mailed link is unknown, used, replaced or expired. The answer does not tell
                which.
        """
        self._send(Call("POST", "/auth/verify-email/confirm", body=body, signed=False))

    def ask_to_reset_password(self, body: AddressGiven) -> None:
        """Mail a link for choosing a new password, if an account has the address."""
        self._send(Call("POST", "/auth/password-reset", body=body, signed=False))

    def reset_password(self, body: PasswordChosen) -> None:
        """Choose a new password. All devices are signed out, and other links to the account stop working.

        Raises:
            LinkNotValid: The token of a mailed link is unknown, used, replaced or expired. The answer does not tell
                which.
            TooBusy: More passwords wait to be hashed than can be in time.
            WeakPassword: The new password is too short, too common, or made of words that others know of its owner.
        """
        self._send(Call("POST", "/auth/password-reset/confirm", body=body, signed=False))

    def ask_to_change_email(self, body: NewAddress) -> None:
        """Mail a link to the new address, and notify the old one. Nothing changes until the link is opened.

        An earlier link stops working, whatever the answer. An account without a password leaves it out; its session
        must have proven within ten minutes who its owner is.

        Raises:
            AccountNotFound: No account has this id.
            AddressNeedsSmtputf8: An address to which this site's mail server cannot send (RFC 6531).
            NotThisClient: The token was issued for another client.
            ProofMissing: A code is needed if the account has a second factor, else the password.
            SignInClosed: Too many wrong passwords for this address in total: only sources of recent successful
                sign-ins may try.
            SignInThrottled: Too many wrong passwords for this address from this source; it has to wait.
            SpecialUseDomain: An address of a special-use domain (RFC 6761) that this site does not accept.
            TooBusy: More passwords wait to be hashed than can be in time.
            TooManyMails: Too many mails of a kind were sent recently. Only for signed-in callers: others are not
                told.
            WrongPassword: The current password is wrong. Not a 401: the access token is valid, and a new one would
                not help.
        """
        self._send(Call("POST", "/auth/email", body=body))

    def change_email(self, body: LinkOpened) -> None:
        """Change the address. Devices stay signed in. The same link again is 204 and changes nothing.

        Raises:
            EmailTaken: Another account has this address.
            LinkNotValid: The token of a mailed link is unknown, used, replaced or expired. The answer does not tell
                which.
        """
        self._send(Call("POST", "/auth/email/confirm", body=body, signed=False))

    def list_providers(self) -> ProviderList:
        """List the providers by which people may sign in."""
        return self._read(ProviderList, Call("GET", "/auth/providers", signed=False))

    def go_to_provider(self, name: str, *, return_to: str | None = None) -> None:
        """Send the browser to the provider, to sign in. A cookie ties the flow to this browser.

        Raises:
            ProviderNotFound: No provider has this name.
            ReturnNotListed: The page to return to is not one of this site's.
        """
        self._send(Call("GET", f"/auth/providers/{name}/authorize", query={"return_to": return_to}, signed=False))

    def return_from_provider(
        self,
        name: str,
        *,
        code: str | None = None,
        state: str | None = None,
        iss: str | None = None,
        error: str | None = None,
    ) -> None:
        """Receive the browser from the provider, and send it to the page, with a code or a reason.

        Raises:
            ProviderNotFound: No provider has this name.
        """
        self._send(
            Call(
                "GET",
                f"/auth/providers/{name}/callback",
                query={"code": code, "state": state, "iss": iss, "error": error},
                signed=False,
            )
        )

    def return_from_provider_by_form(self, name: str, form: FormAnswer) -> None:
        """Receive the browser from a provider that sends a form (Apple), and let it come again by GET.

        A form from another site comes without the cookie, which is `Lax`.
        """
        self._send(Call("POST", f"/auth/providers/{name}/callback", form=form, signed=False))

    def list_identities(self) -> IdentityList:
        """List the providers with which the caller may sign in."""
        return self._read(IdentityList, Call("GET", "/auth/identities"))

    def link_identity(self, name: str, body: LinkRequest) -> LinkAddress:
        """Begin to link the caller's account with a provider. The browser must go to the address, with the cookie.

        The session must have proven within ten minutes who its owner is.

        Raises:
            NotThisClient: The token was issued for another client.
            ProviderNotFound: No provider has this name.
            ProviderUnavailable: The provider does not answer just now.
            ReturnNotListed: The page to return to is not one of this site's.
        """
        return self._read(LinkAddress, Call("POST", f"/auth/identities/{name}/link", body=body))

    def unlink_identity(self, name: str) -> None:
        """Unlink a provider, and sign out all other devices.

        The session must have proven within ten minutes who its owner is.

        Raises:
            AccountNotFound: No account has this id.
            IdentityNotFound: The caller's account is not linked with this provider.
            LastWayIn: The account has no password, and nothing else would be left to sign in with.
            NotThisClient: The token was issued for another client.
        """
        self._send(Call("DELETE", f"/auth/identities/{name}"))

    def find_accounts(
        self,
        *,
        q: str | None = None,
        status: Literal["active", "disabled", "deleting", "deleted"] | None = None,
        role: Role | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> ManagedAccountPage:
        """List accounts, the newest first.

        Raises:
            BadCursor: The cursor was not issued for this list.
        """
        return self._read(
            ManagedAccountPage,
            Call(
                "GET",
                "/auth/accounts",
                query={"q": q, "status": status, "role": role, "limit": limit, "cursor": cursor},
            ),
        )

    def inspect_account(self, account_id: int) -> ManagedAccountResponse:
        """Get an account.

        Raises:
            AccountNotFound: No account has this id.
        """
        return self._read(ManagedAccountResponse, Call("GET", f"/auth/accounts/{account_id}"))

    def manage_account(
        self, account_id: int, body: AccountUpdate, *, if_match: str | None = None
    ) -> ManagedAccountResponse:
        """Disable or enable an account, or change its roles.

        Both take effect everywhere within seconds. A disabled account's sessions end, and its tokens are refused.
        After a change of roles its tokens are refused as well, and the next refresh returns one with the new roles.

        Raises:
            AccountBeingDeleted: The account is deleted or being deleted, and can no longer be changed.
            AccountNotFound: No account has this id.
            LastAdmin: Without this account nobody could manage the others.
            NotAnAdmin: The caller is no longer an admin.
            PreconditionFailed: The resource has changed since the caller read it.
        """
        return self._read(
            ManagedAccountResponse, Call("PATCH", f"/auth/accounts/{account_id}", body=body, if_match=if_match)
        )

    def sign_account_out(self, account_id: int) -> None:
        """Sign an account out everywhere. `POST …/sign-out` does the same, and keeps the reason.

        Raises:
            AccountNotFound: No account has this id.
            NotAnAdmin: The caller is no longer an admin.
        """
        self._send(Call("DELETE", f"/auth/accounts/{account_id}/sessions"))

    def list_account_sessions(
        self, account_id: int, *, limit: int | None = None, cursor: str | None = None
    ) -> AccountSessionPage:
        """List where an account is signed in, the latest sign-in first.

        Raises:
            AccountNotFound: No account has this id.
            BadCursor: The cursor was not issued for this list.
        """
        return self._read(
            AccountSessionPage,
            Call("GET", f"/auth/accounts/{account_id}/sessions", query={"limit": limit, "cursor": cursor}),
        )

    def reset_second_factor(self, account_id: int, body: FactorReset) -> None:
        """Turn off the second factor of somebody who has lost it. Signs them out, and tells them by mail.

        The admin's session must have proven within ten minutes who its owner is.

        Raises:
            AccountNotFound: No account has this id.
            NotAnAdmin: The caller is no longer an admin.
            NotThisClient: The token was issued for another client.
            OwnSecondFactor: Admins cannot reset their own second factor.
            SecondFactorOff: The account has no second factor.
        """
        self._send(Call("POST", f"/auth/accounts/{account_id}/second-factor/reset", body=body))

    def list_audit_events(
        self,
        *,
        account_id: int | None = None,
        action: Action | None = None,
        actor: str | None = None,
        from_: datetime | None = None,
        to: datetime | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> AuditEventPage:
        """List events of accounts, roles and keys, the newest first. Nobody can change or remove a line.

        Raises:
            BadCursor: The cursor was not issued for this list.
        """
        return self._read(
            AuditEventPage,
            Call(
                "GET",
                "/auth/audit",
                query={
                    "account_id": account_id,
                    "action": action,
                    "actor": actor,
                    "from": from_,
                    "to": to,
                    "limit": limit,
                    "cursor": cursor,
                },
            ),
        )

    def list_sign_in_methods(self, account_id: int) -> SignInMethodsResponse:
        """Get what an account signs in with: password, second factor, passkeys, identities at providers, API keys.

        Raises:
            AccountNotFound: No account has this id.
        """
        return self._read(SignInMethodsResponse, Call("GET", f"/auth/accounts/{account_id}/sign-in-methods"))

    def sign_somebody_out(self, account_id: int, body: SignOut) -> None:
        """End one session of an account, or all of them with its API keys. Tokens are refused everywhere within
        seconds.

        Raises:
            AccountNotFound: No account has this id.
            NotAnAdmin: The caller is no longer an admin.
            SessionNotFound: The account has no such session, or it has ended.
        """
        self._send(Call("POST", f"/auth/accounts/{account_id}/sign-out", body=body))

    def delete_somebodys_account(self, account_id: int, body: AccountDeletionByAdmin) -> None:
        """Delete somebody else's account, over all services, as if they had asked for it. They are told by mail.

        It cannot be undone. A repetition changes nothing. The admin's session must have proven within ten minutes
        who its owner is.

        Raises:
            AccountNotFound: No account has this id.
            NotAnAdmin: The caller is no longer an admin.
            NotThisClient: The token was issued for another client.
            OwnAccount: Admins do not delete their own account here: they do it in their settings.
            StillAdmin: An admin is deleted only after somebody has taken the role from them.
        """
        self._send(Call("POST", f"/auth/accounts/{account_id}/deletion", body=body))

    def get_jwks(self) -> KeySet:
        """Get the public keys of access tokens (RFC 7517)."""
        return self._read(KeySet, Call("GET", "/.well-known/jwks.json", signed=False))

    def get_metadata(self) -> ServerMetadata:
        """Get the addresses of the OAuth endpoints (RFC 8414)."""
        return self._read(ServerMetadata, Call("GET", "/.well-known/oauth-authorization-server", signed=False))

    def get_passkey_endpoints(self) -> PasskeyEndpoints:
        """Get the page on which people add and manage passkeys (W3C, passkey endpoints)."""
        return self._read(PasskeyEndpoints, Call("GET", "/.well-known/passkey-endpoints", signed=False))

    def get_related_origins(self) -> RelatedOrigins:
        """Get the origins whose pages may use the site's passkeys (Web Authentication, level 3, section 5.11)."""
        return self._read(RelatedOrigins, Call("GET", "/.well-known/webauthn", signed=False))

    def list_parked_events_of_auth(self, *, limit: int | None = None, cursor: str | None = None) -> ParkedEventPage:
        """List events that were refused too often, the last first. They wait until they are replayed or dropped.

        Raises:
            BadCursor: The cursor was not issued for this list.
        """
        return self._read(
            ParkedEventPage, Call("GET", "/auth/admin/parked-events", query={"limit": limit, "cursor": cursor})
        )

    def replay_parked_event_of_auth(self, body: ParkedEventAct) -> None:
        """Send a parked event again, once the cause is fixed.

        Raises:
            EventNotParked: No such event is parked: it was replayed, dropped, or replaced by a newer one.
        """
        self._send(Call("POST", "/auth/admin/parked-events/replay", body=body))

    def drop_parked_event_of_auth(self, body: ParkedEventAct) -> None:
        """Delete a parked event. Its target lacks this state until the next change, or until it is reconciled.

        Raises:
            EventNotParked: No such event is parked: it was replayed, dropped, or replaced by a newer one.
        """
        self._send(Call("POST", "/auth/admin/parked-events/drop", body=body))

    def begin_upload_to_users(self) -> UploadResponse:
        """Get a link for the upload of a picture. Then upload it there, and finish it within an hour.

        After a repetition there are two links. Those that nobody uses, and what belongs to them, are deleted.

        Raises:
            PictureStoreUnavailable: The store of the pictures does not answer.
            PicturesOff: This site takes no pictures (PICTURES_URL is not set).
            TooManyPictures: The caller has as many pictures as they may have.
            TooManyUploads: The caller has as many unfinished uploads as they may have.
        """
        return self._read(UploadResponse, Call("POST", "/users/pictures"))

    def finish_upload_to_users(self, name: str) -> PictureResponse:
        """Encode an uploaded picture anew, without its metadata. A repetition changes nothing.

        A refused original is deleted; another may be uploaded by the same link.

        Raises:
            AnimatedPicture: The picture is animated.
            NotAPicture: The file is no JPEG, PNG or WebP, or it is damaged.
            PictureNotFound: There is no such picture, or it is somebody else's.
            PictureNotUploaded: Nothing has been uploaded for this picture.
            PictureStoreUnavailable: The store of the pictures does not answer.
            PictureTooLarge: The file has too many bytes or pixels, or needs too much memory or time.
            PicturesBusy: Other pictures are being encoded, or the encoding failed.
            PicturesOff: This site takes no pictures (PICTURES_URL is not set).
        """
        return self._read(PictureResponse, Call("PUT", f"/users/pictures/{name}/finished"))

    def list_users(
        self,
        *,
        ids: str | None = None,
        usernames: str | None = None,
        q: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> ProfilePage:
        """List people by `ids`, by `usernames` or by name.

        By `ids` or `usernames`: in their order and on one page; unknown ones are left out. By `q`: people whose
        names have all of its words, regardless of case and accents, most followers first. Like all lists with a
        live order, it may repeat or miss a person whose place changes between two pages. A caller may run one
        search at a time. The next one waits for half a second, and is then refused with 429.

        Raises:
            BadCursor: The cursor was not issued for this list.
            BadIds: The list of ids is malformed.
            BadUsernames: The list of usernames is malformed.
            IdsOrQuery: The request must have one of `ids`, `usernames` and `q`.
            SearchTooSlow: The search was cancelled after two seconds: very many posts have its words.
            SearchUnderWay: The caller's last search is still running.
        """
        return self._read(
            ProfilePage,
            Call("GET", "/users", query={"ids": ids, "usernames": usernames, "q": q, "limit": limit, "cursor": cursor}),
        )

    def get_own_profile(self) -> ProfileResponse:
        """Get the caller's profile. It exists right after sign-up.

        Raises:
            UserNotFound: There is no such person.
        """
        return self._read(ProfileResponse, Call("GET", "/users/me"))

    def edit_own_profile(self, body: ProfileUpdate, *, if_match: str | None = None) -> ProfileResponse:
        """Change some fields of the caller's profile.

        Raises:
            PictureNotFound: There is no such picture, or it is somebody else's.
            PreconditionFailed: The resource has changed since the caller read it.
            UserNotFound: There is no such person.
        """
        return self._read(ProfileResponse, Call("PATCH", "/users/me", body=body, if_match=if_match))

    def get_user(self, user_id: int) -> ProfileResponse:
        """Get a person's profile.

        Raises:
            UserNotFound: There is no such person.
        """
        return self._read(ProfileResponse, Call("GET", f"/users/{user_id}"))

    def follow(self, user_id: int) -> None:
        """Follow somebody. A repetition changes nothing. Nobody can follow a person who blocks them or whom they
        block.

        Raises:
            BlockedByThem: This person has blocked the caller.
            BlockedByYou: The caller has blocked this person, and must end that first.
            CannotFollowYourself: People cannot follow themselves.
            UserNotFound: There is no such person.
        """
        self._send(Call("PUT", f"/users/{user_id}/follow"))

    def unfollow(self, user_id: int) -> None:
        """Stop following somebody. A repetition changes nothing."""
        self._send(Call("DELETE", f"/users/{user_id}/follow"))

    def list_followers(self, user_id: int, *, limit: int | None = None, cursor: str | None = None) -> FollowerPage:
        """List a person's followers, the newest first.

        Raises:
            BadCursor: The cursor was not issued for this list.
            UserNotFound: There is no such person.
        """
        return self._read(
            FollowerPage, Call("GET", f"/users/{user_id}/followers", query={"limit": limit, "cursor": cursor})
        )

    def list_following(self, user_id: int, *, limit: int | None = None, cursor: str | None = None) -> FollowerPage:
        """List the people that a person follows, the newest first.

        Raises:
            BadCursor: The cursor was not issued for this list.
            UserNotFound: There is no such person.
        """
        return self._read(
            FollowerPage, Call("GET", f"/users/{user_id}/following", query={"limit": limit, "cursor": cursor})
        )

    def block(self, user_id: int) -> None:
        """Block somebody. A repetition changes nothing.

        Neither follows the other any longer, nor can. The blocked person can no longer comment on or like the
        caller's posts. The caller's lists of posts and comments leave them out. Profiles and published posts stay
        public: the blocked person still sees them, as anybody does without signing in.

        Raises:
            CannotBlockYourself: People cannot block themselves.
            UserNotFound: There is no such person.
        """
        self._send(Call("PUT", f"/users/{user_id}/block"))

    def unblock(self, user_id: int) -> None:
        """End a block. A repetition changes nothing. Earlier follows are not restored."""
        self._send(Call("DELETE", f"/users/{user_id}/block"))

    def list_blocked(self, *, limit: int | None = None, cursor: str | None = None) -> BlockedPage:
        """List the people that the caller blocks, the newest first.

        Raises:
            BadCursor: The cursor was not issued for this list.
        """
        return self._read(BlockedPage, Call("GET", "/users/me/blocks", query={"limit": limit, "cursor": cursor}))

    def export_own_data(self) -> ExportResponse:
        """Get all data that the services hold about the caller, as a file (GDPR, articles 15 and 20).

        One JSON document, streamed. It is complete if its last member, `complete`, is present. An interrupted
        export is invalid JSON, and its connection ends early. That happens, too, if the access token expires or is
        revoked, or the account is deleted meanwhile. It holds no passwords, keys or tokens.

        Raises:
            UserNotFound: There is no such person.
        """
        return self._read(ExportResponse, Call("GET", "/users/me/export"))

    def list_parked_events_of_users(self, *, limit: int | None = None, cursor: str | None = None) -> ParkedEventPage:
        """List events that were refused too often, the last first. They wait until they are replayed or dropped.

        Raises:
            BadCursor: The cursor was not issued for this list.
        """
        return self._read(
            ParkedEventPage, Call("GET", "/users/admin/parked-events", query={"limit": limit, "cursor": cursor})
        )

    def replay_parked_event_of_users(self, body: ParkedEventAct) -> None:
        """Send a parked event again, once the cause is fixed.

        Raises:
            EventNotParked: No such event is parked: it was replayed, dropped, or replaced by a newer one.
        """
        self._send(Call("POST", "/users/admin/parked-events/replay", body=body))

    def drop_parked_event_of_users(self, body: ParkedEventAct) -> None:
        """Delete a parked event. Its target lacks this state until the next change, or until it is reconciled.

        Raises:
            EventNotParked: No such event is parked: it was replayed, dropped, or replaced by a newer one.
        """
        self._send(Call("POST", "/users/admin/parked-events/drop", body=body))

    def list_numbered(
        self,
        *,
        author_id: int | None = None,
        tag: str | None = None,
        liked_by: int | None = None,
        feed: bool | None = None,
        limit: int | None = None,
        offset: int | None = None,
    ) -> NumberedPage:
        """List published posts without their texts, the newest first, with their number. All filters may be combined.

        For page numbers. While others publish, pages shift: `GET /posts` has cursors, which do not. It also leaves
        out people whom the caller blocks; this list does not. The posts that somebody likes are for themselves
        only, unless the setting CONDUIT is on. Without filters, and with several, the number is at most 10,000. In
        a feed, `offset` is at most 1,000.

        Raises:
            FeedNeedsSignIn: An anonymous caller follows nobody.
            FeedOffsetTooLarge: A page of a feed may begin after 1,000 posts at most: as many are read of each
                followee.
            LikesArePrivate: Lists of the posts that somebody likes are theirs, unless CONDUIT is on.
        """
        return self._read(
            NumberedPage,
            Call(
                "GET",
                "/posts/numbered",
                query={
                    "author_id": author_id,
                    "tag": tag,
                    "liked_by": liked_by,
                    "feed": feed,
                    "limit": limit,
                    "offset": offset,
                },
            ),
        )

    def get_post_by_slug(self, slug: str) -> PostResponse:
        """Get a post by its `slug`. A draft is visible only to its author.

        Raises:
            PostNotFound: There is no such post, or it is somebody else's draft.
        """
        return self._read(PostResponse, Call("GET", f"/posts/by-slug/{slug}"))

    def refresh_follow(self, user_id: int) -> None:
        """Read now from users whether the caller follows this person.

        An event tells it a moment later anyway. After this call the caller's feed is certainly up to date.
        """
        self._send(Call("PUT", f"/posts/feed/follows/{user_id}"))

    def report_post(self, post_id: int, body: ReportCreate, *, idempotency_key: str | None = None) -> ReportResponse:
        """Report a published post to the moderators. Its author is not told who did.

        A repetition answers the first report, until a moderator has decided.

        Raises:
            BadIdempotencyKey: The key is not 1 to 255 visible ASCII characters.
            IdempotencyKeyReused: The key was used with another body.
            OwnContent: People do not report what they wrote themselves, and moderators do not decide about it.
            PostNotFound: There is no such post, or it is somebody else's draft.
            RequestInProgress: The first request with this key is still running.
        """
        return self._read(
            ReportResponse,
            Call("POST", f"/posts/{post_id}/reports", body=body, idempotency_key=idempotency_key or new_key()),
        )

    def report_comment(
        self, post_id: int, comment_id: int, body: ReportCreate, *, idempotency_key: str | None = None
    ) -> ReportResponse:
        """Report a comment to the moderators, as a post.

        Raises:
            BadIdempotencyKey: The key is not 1 to 255 visible ASCII characters.
            CommentNotFound: There is no such comment under this post.
            IdempotencyKeyReused: The key was used with another body.
            OwnContent: People do not report what they wrote themselves, and moderators do not decide about it.
            RequestInProgress: The first request with this key is still running.
        """
        return self._read(
            ReportResponse,
            Call(
                "POST",
                f"/posts/{post_id}/comments/{comment_id}/reports",
                body=body,
                idempotency_key=idempotency_key or new_key(),
            ),
        )

    def list_own_removed(self, *, limit: int | None = None, cursor: str | None = None) -> OwnRemovalPage:
        """List the caller's posts and comments that moderators have removed, the newest first.

        They are kept for 90 days.

        Raises:
            BadCursor: The cursor was not issued for this list.
        """
        return self._read(OwnRemovalPage, Call("GET", "/posts/removed", query={"limit": limit, "cursor": cursor}))

    def begin_upload_to_posts(self) -> UploadResponse:
        """Get a link for the upload of a picture. Then upload it there, and finish it within an hour.

        After a repetition there are two links. Those that nobody uses, and what belongs to them, are deleted.

        Raises:
            PictureStoreUnavailable: The store of the pictures does not answer.
            PicturesOff: This site takes no pictures (PICTURES_URL is not set).
            TooManyPictures: The caller has as many pictures as they may have.
            TooManyUploads: The caller has as many unfinished uploads as they may have.
        """
        return self._read(UploadResponse, Call("POST", "/posts/pictures"))

    def finish_upload_to_posts(self, name: str) -> PictureResponse:
        """Encode an uploaded picture anew, without its metadata. A repetition changes nothing.

        A refused original is deleted; another may be uploaded by the same link.

        Raises:
            AnimatedPicture: The picture is animated.
            NotAPicture: The file is no JPEG, PNG or WebP, or it is damaged.
            PictureNotFound: There is no such picture, or it is somebody else's.
            PictureNotUploaded: Nothing has been uploaded for this picture.
            PictureStoreUnavailable: The store of the pictures does not answer.
            PictureTooLarge: The file has too many bytes or pixels, or needs too much memory or time.
            PicturesBusy: Other pictures are being encoded, or the encoding failed.
            PicturesOff: This site takes no pictures (PICTURES_URL is not set).
        """
        return self._read(PictureResponse, Call("PUT", f"/posts/pictures/{name}/finished"))

    def list_posts(
        self,
        *,
        author_id: int | None = None,
        tag: str | None = None,
        q: str | None = None,
        sort: Literal["new", "top"] | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> PostPage:
        """List published posts, the newest first or the most liked first. All filters may be combined.

        Signed in, without those of people whom the caller blocks, unless `author_id` asks for them.

        The order by likes is live: pages shift as likes change. A caller may run one search or list by likes at a
        time. The next one waits for half a second, and is then refused with 429.

        Raises:
            BadCursor: The cursor was not issued for this list.
            SearchHasOneOrder: Search results come the newest first.
            SearchHasTooManyWords: The query has too many words. Each is looked up separately, and one character may
                stand for four of them.
            SearchNeedsAWord: The query only excludes words: nearly all posts would have to be read for it.
            SearchTooSlow: The search was cancelled after two seconds: very many posts have its words.
            SearchUnderWay: The caller's last search is still running.
        """
        return self._read(
            PostPage,
            Call(
                "GET",
                "/posts",
                query={"author_id": author_id, "tag": tag, "q": q, "sort": sort, "limit": limit, "cursor": cursor},
            ),
        )

    def create_post(self, body: PostCreate, *, idempotency_key: str | None = None) -> PostResponse:
        """Publish a post, or store a draft.

        Raises:
            BadIdempotencyKey: The key is not 1 to 255 visible ASCII characters.
            IdempotencyKeyReused: The key was used with another body.
            RequestInProgress: The first request with this key is still running.
        """
        return self._read(PostResponse, Call("POST", "/posts", body=body, idempotency_key=idempotency_key or new_key()))

    def get_feed(self, *, limit: int | None = None, cursor: str | None = None) -> PostPage:
        """List posts of the people the caller follows, the newest first.

        A block ends following in both directions, so neither person sees the other here.

        Raises:
            BadCursor: The cursor was not issued for this list.
        """
        return self._read(PostPage, Call("GET", "/posts/feed", query={"limit": limit, "cursor": cursor}))

    def list_drafts(self, *, limit: int | None = None, cursor: str | None = None) -> PostPage:
        """List the caller's drafts, the newest first.

        Raises:
            BadCursor: The cursor was not issued for this list.
        """
        return self._read(PostPage, Call("GET", "/posts/drafts", query={"limit": limit, "cursor": cursor}))

    def list_tags(
        self, *, sort: Literal["used", "recent"] | None = None, limit: int | None = None, cursor: str | None = None
    ) -> TagPage:
        """List tags of published posts, the most used first; or those of the latest posts first, on one page.

        Raises:
            BadCursor: The cursor was not issued for this list.
        """
        return self._read(
            TagPage, Call("GET", "/posts/tags", query={"sort": sort, "limit": limit, "cursor": cursor}, signed=False)
        )

    def get_post(self, post_id: int) -> PostResponse:
        """Get a post. A draft is visible only to its author.

        Raises:
            PostNotFound: There is no such post, or it is somebody else's draft.
        """
        return self._read(PostResponse, Call("GET", f"/posts/{post_id}"))

    def revise_post(self, post_id: int, body: PostUpdate, *, if_match: str | None = None) -> PostResponse:
        """Change some fields of one of the caller's own posts, or publish a draft.

        Raises:
            AlreadyPublished: Publishing is one-way.
            NotTheAuthor: Only the author may do this.
            PostNotFound: There is no such post, or it is somebody else's draft.
            PreconditionFailed: The resource has changed since the caller read it.
        """
        return self._read(PostResponse, Call("PATCH", f"/posts/{post_id}", body=body, if_match=if_match))

    def delete_post(self, post_id: int, *, if_match: str | None = None) -> None:
        """Delete one of the caller's own posts with its comments and likes; moderators may delete published ones.

        Raises:
            NotTheAuthor: Only the author may do this.
            PostNotFound: There is no such post, or it is somebody else's draft.
            PreconditionFailed: The resource has changed since the caller read it.
        """
        self._send(Call("DELETE", f"/posts/{post_id}", if_match=if_match))

    def like_post(self, post_id: int) -> None:
        """Like a post, unless its author has blocked the caller. A repetition changes nothing.

        Raises:
            Blocked: The post's author has blocked the caller, who wants to comment on it or like it.
            PostNotFound: There is no such post, or it is somebody else's draft.
        """
        self._send(Call("PUT", f"/posts/{post_id}/like"))

    def unlike_post(self, post_id: int) -> None:
        """Remove the caller's like. A repetition changes nothing."""
        self._send(Call("DELETE", f"/posts/{post_id}/like"))

    def list_comments(self, post_id: int, *, limit: int | None = None, cursor: str | None = None) -> CommentPage:
        """List the comments of a post, the oldest first.

        Signed in, without those of people whom the caller blocks, except below the caller's own posts.

        Raises:
            BadCursor: The cursor was not issued for this list.
            PostNotFound: There is no such post, or it is somebody else's draft.
        """
        return self._read(
            CommentPage, Call("GET", f"/posts/{post_id}/comments", query={"limit": limit, "cursor": cursor})
        )

    def add_comment(self, post_id: int, body: CommentCreate, *, idempotency_key: str | None = None) -> CommentResponse:
        """Comment on a published post, unless its author has blocked the caller.

        Raises:
            BadIdempotencyKey: The key is not 1 to 255 visible ASCII characters.
            Blocked: The post's author has blocked the caller, who wants to comment on it or like it.
            IdempotencyKeyReused: The key was used with another body.
            PostNotFound: There is no such post, or it is somebody else's draft.
            RequestInProgress: The first request with this key is still running.
        """
        return self._read(
            CommentResponse,
            Call("POST", f"/posts/{post_id}/comments", body=body, idempotency_key=idempotency_key or new_key()),
        )

    def get_comment(self, post_id: int, comment_id: int) -> CommentResponse:
        """Get a comment.

        Raises:
            CommentNotFound: There is no such comment under this post.
        """
        return self._read(CommentResponse, Call("GET", f"/posts/{post_id}/comments/{comment_id}", signed=False))

    def revise_comment(
        self, post_id: int, comment_id: int, body: CommentCreate, *, if_match: str | None = None
    ) -> CommentResponse:
        """Change one of the caller's own comments.

        Raises:
            Blocked: The post's author has blocked the caller, who wants to comment on it or like it.
            CommentNotFound: There is no such comment under this post.
            NotTheAuthor: Only the author may do this.
            PreconditionFailed: The resource has changed since the caller read it.
        """
        return self._read(
            CommentResponse, Call("PATCH", f"/posts/{post_id}/comments/{comment_id}", body=body, if_match=if_match)
        )

    def delete_comment(self, post_id: int, comment_id: int, *, if_match: str | None = None) -> None:
        """Delete a comment. Allowed for its author, the post's author, and moderators.

        Raises:
            CommentNotFound: There is no such comment under this post.
            NotTheAuthor: Only the author may do this.
            PreconditionFailed: The resource has changed since the caller read it.
        """
        self._send(Call("DELETE", f"/posts/{post_id}/comments/{comment_id}", if_match=if_match))

    def list_cases(
        self, *, status: Literal["open", "dismissed"] | None = None, limit: int | None = None, cursor: str | None = None
    ) -> CasePage:
        """List reported posts and comments: open cases, the oldest first; or dismissed ones, the newest first.

        A case goes with its post or comment: removals are in `GET /posts/moderation/removed`. Dismissed cases are
        kept for 90 days.

        Raises:
            BadCursor: The cursor was not issued for this list.
        """
        return self._read(
            CasePage, Call("GET", "/posts/moderation/cases", query={"status": status, "limit": limit, "cursor": cursor})
        )

    def list_case_reports(self, case_id: int, *, limit: int | None = None, cursor: str | None = None) -> CaseReportPage:
        """List the reports of a case, the oldest first; none if it is gone. Nobody sees who reported what they wrote.

        Raises:
            BadCursor: The cursor was not issued for this list.
            OwnContent: People do not report what they wrote themselves, and moderators do not decide about it.
        """
        return self._read(
            CaseReportPage,
            Call("GET", f"/posts/moderation/cases/{case_id}/reports", query={"limit": limit, "cursor": cursor}),
        )

    def dismiss_case(self, case_id: int) -> None:
        """Decide that the post or comment stays. A later report opens a new case.

        Raises:
            CaseDecided: Somebody has decided this case already.
            CaseNotFound: There is no such case. It goes when its post or comment is deleted or removed.
            OwnContent: People do not report what they wrote themselves, and moderators do not decide about it.
        """
        self._send(Call("POST", f"/posts/moderation/cases/{case_id}/dismiss"))

    def remove_reported(self, case_id: int, body: RemovalCreate) -> None:
        """Remove the post or comment. Its author is told why, and keeps a copy for 90 days.

        Raises:
            CaseDecided: Somebody has decided this case already.
            CaseNotFound: There is no such case. It goes when its post or comment is deleted or removed.
            OwnContent: People do not report what they wrote themselves, and moderators do not decide about it.
        """
        self._send(Call("POST", f"/posts/moderation/cases/{case_id}/remove", body=body))

    def list_removed(self, *, limit: int | None = None, cursor: str | None = None) -> RemovalPage:
        """List what moderators have removed in the last 90 days, the newest first.

        Raises:
            BadCursor: The cursor was not issued for this list.
        """
        return self._read(
            RemovalPage, Call("GET", "/posts/moderation/removed", query={"limit": limit, "cursor": cursor})
        )

    def list_parked_events_of_posts(self, *, limit: int | None = None, cursor: str | None = None) -> ParkedEventPage:
        """List events that were refused too often, the last first. They wait until they are replayed or dropped.

        Raises:
            BadCursor: The cursor was not issued for this list.
        """
        return self._read(
            ParkedEventPage, Call("GET", "/posts/admin/parked-events", query={"limit": limit, "cursor": cursor})
        )

    def replay_parked_event_of_posts(self, body: ParkedEventAct) -> None:
        """Send a parked event again, once the cause is fixed.

        Raises:
            EventNotParked: No such event is parked: it was replayed, dropped, or replaced by a newer one.
        """
        self._send(Call("POST", "/posts/admin/parked-events/replay", body=body))

    def drop_parked_event_of_posts(self, body: ParkedEventAct) -> None:
        """Delete a parked event. Its target lacks this state until the next change, or until it is reconciled.

        Raises:
            EventNotParked: No such event is parked: it was replayed, dropped, or replaced by a newer one.
        """
        self._send(Call("POST", "/posts/admin/parked-events/drop", body=body))
