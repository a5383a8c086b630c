"""The one place that wires auth's layers together."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated

import httpx
from fastapi import Depends, FastAPI, Request

from auth.clients.self_signed_tokens import SelfSignedTokens
from auth.config import Settings, given
from auth.key_collector import signing_keys
from auth.mailing import one_time_tokens, own_targets
from auth.repositories.accounts import AccountRepository
from auth.repositories.audit import AuditRepository
from auth.repositories.deletions import BACKLOG
from auth.repositories.exports import DELETED, SECTIONS
from auth.repositories.sessions import Lifetimes, SessionRepository
from auth.repositories.unit_of_work import SqlUnitOfWork
from auth.services.access_tokens import AccessTokens
from auth.services.accounts import AccountQueries, Registration
from auth.services.address_policy import AddressPolicy
from auth.services.audit import AuditReader
from auth.services.deletion import Deletion, EventSubscriber
from auth.services.email_change import EmailChange
from auth.services.email_verification import EmailVerification
from auth.services.key_material import KeyCipher
from auth.services.key_schedule import KeySchedule
from auth.services.keys import OwnKeys
from auth.services.management import Management
from auth.services.own_password import OwnPassword
from auth.services.password_policy import PasswordPolicy
from auth.services.password_reset import PasswordReset
from auth.services.passwords import Argon2
from auth.services.records import Device, Role
from auth.services.refresh_tokens import RefreshTokens
from auth.services.sessions import SessionService
from auth.services.sign_in import SignInService
from auth.services.throttle import Throttle
from common.calls.service_client import ServiceClient
from common.db.database import Database, TransactionFactory
from common.db.database import ReadSession as Reads
from common.events.exports import ExportReader
from common.events.relay import Relay
from common.events.revocations import RevokedTokens
from common.http.deps import DbSession, ReadSession, WithRole
from common.http.rate_limits import Quota, source_of
from common.serving.collectors import calls, checks, clock, erasures, outbox, pools, requests
from common.tokens.verifier import Principal, TokenVerifier

SIGN_IN, REFRESH, REGISTRATION, MAIL = "sign-in", "refresh", "registration", "mail"


def quotas(settings: Settings) -> Mapping[str, Quota]:
    """The rate limits that routes name (S-12)."""
    return {
        SIGN_IN: Quota(settings.rate_limit_sign_in, timedelta(minutes=1)),
        REFRESH: Quota(settings.rate_limit_refresh, timedelta(minutes=5)),
        REGISTRATION: Quota(settings.rate_limit_registration, timedelta(hours=1)),
        MAIL: Quota(settings.rate_limit_mail, timedelta(hours=1)),
    }


def lifetimes(settings: Settings) -> Lifetimes:
    return Lifetimes(settings.refresh_idle, settings.refresh_absolute, settings.refresh_grace)


def key_schedule(settings: Settings) -> KeySchedule:
    cipher = KeyCipher(*given(settings.key_encryption_key, settings.key_encryption_key_previous))
    return KeySchedule(cipher, settings.key_rotation)


def wire(app: FastAPI, settings: Settings, database: Database, http: httpx.AsyncClient) -> None:
    """Make what lives as long as the app. Called in the lifespan, since hashing needs the event loop."""
    lasting = lifetimes(settings)
    transactions = TransactionFactory(database, lambda session: SqlUnitOfWork(session, lasting))
    keys = OwnKeys(transactions, key_schedule(settings))
    passwords = Argon2(settings.hash_slots)
    access = AccessTokens(keys, settings.issuer, settings.access_ttl)
    refresh = RefreshTokens(*given(settings.refresh_key, settings.refresh_key_previous))
    app.state.revoked = revoked = RevokedTokens(database)
    own = SelfSignedTokens(access, revoked.clock.now)
    users = ServiceClient.to("users", settings.users_url, http=http, tokens=own, settings=settings)
    posts = ServiceClient.to("posts", settings.posts_url, http=http, tokens=own, settings=settings)
    tokens = one_time_tokens(settings)
    app.state.relay = relay = Relay(
        database, {"users": users, "posts": posts, **own_targets(settings, transactions, tokens)}
    )
    app.state.read_models = {}
    app.state.keys = keys
    app.state.transactions = transactions
    app.state.verifier = verifier = TokenVerifier(
        keys, revoked, issuer=settings.issuer, audience="auth", now=revoked.clock.now
    )
    app.state.passwords = passwords
    app.state.policy = policy = PasswordPolicy(settings.password_min_length, tuple(settings.password_words))
    app.state.addresses = addresses = AddressPolicy(tuple(settings.special_use_domains), settings.smtp_utf8)
    app.state.throttle = throttle = Throttle(transactions, passwords)
    app.state.own_password = OwnPassword(transactions, throttle, passwords, policy)
    app.state.lifetimes = lasting
    reads = Reads(database.reading)
    app.state.accounts = AccountQueries(AccountRepository(reads))
    app.state.exports = ExportReader(reads, SECTIONS, DELETED)
    app.state.sessions = SessionService(transactions, SessionRepository(reads, lasting))
    app.state.sign_in = SignInService(
        transactions,
        throttle,
        access,
        refresh,
        require_verified_email=settings.require_verified_email,
        parents_repeat=settings.refresh_grace > timedelta(0),
    )
    app.state.verification = EmailVerification(transactions, tokens)
    app.state.password_reset = PasswordReset(transactions, tokens, passwords, policy)
    app.state.deletion = Deletion(transactions, throttle)
    app.state.email_change = EmailChange(transactions, tokens, throttle, addresses)
    app.state.metrics.collectors = (
        requests(app.state.load_shedder),
        pools(database),
        outbox(database, relay if settings.relay else None),
        erasures(database, BACKLOG),
        calls(users, posts),
        checks(verifier),
        clock(revoked.clock),
        signing_keys(keys),
    )


async def get_verification(request: Request) -> EmailVerification:
    service: EmailVerification = request.app.state.verification
    return service


async def get_password_reset(request: Request) -> PasswordReset:
    service: PasswordReset = request.app.state.password_reset
    return service


async def get_email_change(request: Request) -> EmailChange:
    service: EmailChange = request.app.state.email_change
    return service


async def get_registration(request: Request, session: DbSession) -> Registration:
    state = request.app.state
    return Registration(SqlUnitOfWork(session, state.lifetimes), state.passwords, state.policy, state.addresses)


async def get_accounts(request: Request) -> AccountQueries:
    service: AccountQueries = request.app.state.accounts
    return service


async def get_exports(request: Request) -> ExportReader:
    exports: ExportReader = request.app.state.exports
    return exports


async def get_sign_in(request: Request) -> SignInService:
    service: SignInService = request.app.state.sign_in
    return service


async def get_own_password(request: Request) -> OwnPassword:
    service: OwnPassword = request.app.state.own_password
    return service


async def get_sessions(request: Request) -> SessionService:
    service: SessionService = request.app.state.sessions
    return service


async def get_keys(request: Request) -> OwnKeys:
    keys: OwnKeys = request.app.state.keys
    return keys


async def get_settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


async def get_device(request: Request) -> Device:
    """Where the request comes from, in bounded words."""
    agent = request.headers.get("user-agent", "")[:200]
    printable = "".join(letter for letter in agent if letter.isprintable())
    return Device(printable, request.state.client_ip, source_of(request))


async def get_management(session: DbSession, request: Request) -> Management:
    return Management(SqlUnitOfWork(session, request.app.state.lifetimes))


async def get_deletion(request: Request) -> Deletion:
    service: Deletion = request.app.state.deletion
    return service


async def get_subscriber(session: DbSession, request: Request) -> EventSubscriber:
    return EventSubscriber(SqlUnitOfWork(session, request.app.state.lifetimes))


async def get_audit(session: ReadSession) -> AuditReader:
    return AuditRepository(session)


Administrator = Annotated[Principal, Depends(WithRole(Role.admin))]
ManageAccounts = Annotated[Management, Depends(get_management)]
ReadAudit = Annotated[AuditReader, Depends(get_audit)]
RegisterAccount = Annotated[Registration, Depends(get_registration)]
ReadAccounts = Annotated[AccountQueries, Depends(get_accounts)]
SignIn = Annotated[SignInService, Depends(get_sign_in)]
ChangePassword = Annotated[OwnPassword, Depends(get_own_password)]
Sessions = Annotated[SessionService, Depends(get_sessions)]
SigningKeys = Annotated[OwnKeys, Depends(get_keys)]
VerifyEmail = Annotated[EmailVerification, Depends(get_verification)]
ResetPassword = Annotated[PasswordReset, Depends(get_password_reset)]
DeleteAccount = Annotated[Deletion, Depends(get_deletion)]
ConsumeEvents = Annotated[EventSubscriber, Depends(get_subscriber)]
ChangeEmail = Annotated[EmailChange, Depends(get_email_change)]
AppSettings = Annotated[Settings, Depends(get_settings)]
CallingDevice = Annotated[Device, Depends(get_device)]
Exports = Annotated[ExportReader, Depends(get_exports)]
