"""Wires auth's layers together, and names what its routes depend on."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession

from auth.clients.self_signed_tokens import SelfSignedTokens
from auth.config import Settings, given
from auth.key_collector import signing_keys
from auth.mailing import code_maker, one_time_tokens, own_targets
from auth.repositories.accounts import AccountRepository
from auth.repositories.audit import AuditRepository
from auth.repositories.deletions import BACKLOG
from auth.repositories.exports import DELETED, SECTIONS
from auth.repositories.sessions import Lifetimes, SessionRepository
from auth.repositories.unit_of_work import unit_of_work
from auth.services.accounts import AccountQueries, OwnLanguage, Registration
from auth.services.addresses.change import EmailChange
from auth.services.addresses.policy import AddressPolicy
from auth.services.addresses.verification import EmailVerification
from auth.services.administration.management import Management
from auth.services.administration.support import Support
from auth.services.audit import AuditReader
from auth.services.conduit import ConduitChanges, ConduitSignUp
from auth.services.deletion import Deletion
from auth.services.mail_codes.sign_in import MailCodeSignIn
from auth.services.passwords.change import OwnPassword
from auth.services.passwords.hashing import Argon2
from auth.services.passwords.policy import PasswordPolicy
from auth.services.passwords.reset import PasswordReset
from auth.services.records import Device, Role
from auth.services.retention import RETENTION
from auth.services.sessions.access_tokens import AccessTokens
from auth.services.sessions.opening import SessionOpener
from auth.services.sessions.own import SessionService
from auth.services.sessions.refresh_tokens import RefreshTokens
from auth.services.sign_in import SignInService
from auth.services.signing_keys.key_ring import OwnKeys
from auth.services.signing_keys.material import KeyCipher
from auth.services.signing_keys.schedule import KeySchedule
from auth.services.subscriber import EventSubscriber
from auth.services.throttle import Throttle
from auth.wiring import api_keys, second_factor
from auth.wiring.passkeys import passkey_parts
from auth.wiring.providers import provider_parts
from auth.wiring.second_factor import StepUps, get_caller_of_the_site, get_just_proven_caller
from common.contracts.events import OperationData
from common.db.database import TransactionFactory
from common.db.reading import SingleStatements
from common.events.exports import ExportReader
from common.http.deps import DbSession, FromState, ReadSession, WithRole
from common.http.idempotency import forget_expired
from common.http.rate_limits import Quota, source_of
from common.locales import accepted_locale
from common.serving.service import Identity, Opened, Parts
from common.state_events import Event
from common.tokens.claims import Principal

SIGN_IN, REFRESH, REGISTRATION, MAIL, PROVIDER = "sign-in", "refresh", "registration", "mail", "provider"


def quotas(settings: Settings) -> Mapping[str, Quota]:
    """The rate limits that routes name (S-12)."""
    return {
        SIGN_IN: Quota(settings.rate_limit_sign_in, timedelta(minutes=1)),
        REFRESH: Quota(settings.rate_limit_refresh, timedelta(minutes=5)),
        REGISTRATION: Quota(settings.rate_limit_registration, timedelta(hours=1)),
        MAIL: Quota(settings.rate_limit_mail, timedelta(hours=1)),
        api_keys.API_KEYS: Quota(settings.rate_limit_api_keys, timedelta(minutes=5)),
        PROVIDER: Quota(settings.rate_limit_provider, timedelta(minutes=1)),
    }


def lifetimes(settings: Settings) -> Lifetimes:
    return Lifetimes(settings.refresh_idle, settings.refresh_absolute, settings.refresh_grace)


def key_schedule(settings: Settings) -> KeySchedule:
    cipher = KeyCipher(*given(settings.key_encryption_key, settings.key_encryption_key_previous))
    return KeySchedule(cipher, settings.key_rotation)


def wire(opened: Opened[Settings]) -> Parts:
    """Create the objects that live as long as the app. Called in the lifespan, since hashing needs the event loop."""
    settings, database, reads = opened.settings, opened.database, opened.reads
    lasting = lifetimes(settings)
    transactions = TransactionFactory(database, lambda session: unit_of_work(session, lasting))
    keys = OwnKeys(transactions, key_schedule(settings))
    access = AccessTokens(keys, settings.issuer, settings.access_ttl)
    identity = Identity(keys, SelfSignedTokens(access, opened.revoked.clock.now))
    passwords = Argon2(settings.hash_slots, settings.pool_timeout.total_seconds())
    policy = PasswordPolicy(settings.password_min_length, tuple(settings.password_words))
    addresses = AddressPolicy(tuple(settings.special_use_domains), settings.smtp_utf8)
    throttle = Throttle(transactions, passwords)
    refresh_tokens = RefreshTokens(*given(settings.refresh_key, settings.refresh_key_previous))
    sessions = SessionOpener(access, refresh_tokens, settings.require_verified_email, settings.trusted_device)
    tokens = one_time_tokens(settings)
    templates = settings.read_templates()
    return Parts(
        identity=identity,
        targets=own_targets(settings, transactions, tokens, templates),
        inbox=lambda session: EventSubscriber(unit_of_work(session, lasting)).inbox,
        erasures=BACKLOG,
        loops=(partial(forget_expired, database), partial(RETENTION.run, transactions)),
        collectors=(signing_keys(keys),),
        queued=passwords.waiting,
        close=passwords.close,
        state={
            **second_factor.parts(settings, transactions, throttle, sessions),
            **api_keys.parts(opened, transactions, access),
            "keys": keys,
            "transactions": transactions,
            "lifetimes": lasting,
            "passwords": passwords,
            "policy": policy,
            "addresses": addresses,
            "accounts": AccountQueries(AccountRepository(reads)),
            "locales": templates.locales,
            "own_language": OwnLanguage(transactions),
            "exports": ExportReader(reads, SECTIONS, DELETED),
            "sessions": SessionService(transactions, SessionRepository(reads, lasting)),
            "sign_in": SignInService(
                transactions,
                throttle,
                sessions,
                SessionRepository(SingleStatements(database.engine), lasting),
                parents_repeat=settings.refresh_grace > timedelta(0),
            ),
            "mail_codes": MailCodeSignIn(transactions, sessions, code_maker(settings), settings.mail_codes),
            "own_password": OwnPassword(transactions, throttle, passwords, policy),
            "verification": EmailVerification(transactions, tokens),
            "password_reset": PasswordReset(transactions, tokens, passwords, policy),
            "email_change": EmailChange(transactions, tokens, throttle, addresses),
            "deletion": Deletion(transactions, throttle),
            "support": Support(transactions, settings.trusted_device),
            **passkey_parts(settings, transactions, sessions, opened.revoked.clock.now),
            **provider_parts(opened, transactions, sessions, addresses),
            "conduit_changes": ConduitChanges(transactions, passwords, replace(policy, screens=False), addresses),
        },
    )


async def get_registration(request: Request, session: DbSession) -> Registration:
    state = request.app.state
    return Registration(unit_of_work(session, state.lifetimes), state.passwords, state.policy, state.addresses)


RegisterAccount = Annotated[Registration, Depends(get_registration)]


async def get_conduit_registration(request: Request, registration: RegisterAccount) -> ConduitSignUp:
    lenient = replace(registration, policy=replace(registration.policy, screens=False))
    return ConduitSignUp(lenient, request.app.state.sign_in)


async def get_management(request: Request, session: DbSession) -> Management:
    return Management(unit_of_work(session, request.app.state.lifetimes))


async def get_subscriber(request: Request, session: DbSession) -> EventSubscriber:
    return EventSubscriber(unit_of_work(session, request.app.state.lifetimes))


async def get_audit(session: ReadSession) -> AuditReader:
    return AuditRepository(session)


async def note_operation(session: AsyncSession, event: Event) -> None:
    """`common.events.parked.Note`: auth has the trail at hand."""
    if not isinstance(event.data, OperationData):
        raise TypeError(event.subject)
    await AuditRepository(session).note_operation(event, event.data)


async def get_device(request: Request) -> Device:
    """The device that sent the request, with bounded texts."""
    agent = request.headers.get("user-agent", "")[:200]
    printable = "".join(letter for letter in agent if letter.isprintable())
    return Device(printable, request.state.client_ip, source_of(request))


async def get_preferred_locale(request: Request) -> str | None:
    """The language of mails that the caller's Accept-Language prefers; None: it names none that there are mails in."""
    return accepted_locale(",".join(request.headers.getlist("accept-language")), request.app.state.locales)


Administrator = Annotated[Principal, Depends(WithRole(Role.admin))]


async def get_just_proven_administrator(caller: Administrator, step_up: StepUps) -> Principal:
    return await get_just_proven_caller(await get_caller_of_the_site(caller), step_up)


ProvenAdministrator = Annotated[Principal, Depends(get_just_proven_administrator)]
"""Admins who are also `JustProven`, whatever the settings: for acts that cannot be undone, or open an account."""
ManageAccounts = Annotated[Management, Depends(get_management)]
SupportPeople = Annotated[Support, Depends(FromState("support"))]
ReadAudit = Annotated[AuditReader, Depends(get_audit)]
ConduitRegistration = Annotated[ConduitSignUp, Depends(get_conduit_registration)]
ConduitAccounts = Annotated[ConduitChanges, Depends(FromState("conduit_changes"))]
ChooseLanguage = Annotated[OwnLanguage, Depends(FromState("own_language"))]
PreferredLocale = Annotated[str | None, Depends(get_preferred_locale)]
ReadAccounts = Annotated[AccountQueries, Depends(FromState("accounts"))]
SignIn = Annotated[SignInService, Depends(FromState("sign_in"))]
MailCodes = Annotated[MailCodeSignIn, Depends(FromState("mail_codes"))]
ChangePassword = Annotated[OwnPassword, Depends(FromState("own_password"))]
Sessions = Annotated[SessionService, Depends(FromState("sessions"))]
SigningKeys = Annotated[OwnKeys, Depends(FromState("keys"))]
VerifyEmail = Annotated[EmailVerification, Depends(FromState("verification"))]
ResetPassword = Annotated[PasswordReset, Depends(FromState("password_reset"))]
DeleteAccount = Annotated[Deletion, Depends(FromState("deletion"))]
ConsumeEvents = Annotated[EventSubscriber, Depends(get_subscriber)]
ChangeEmail = Annotated[EmailChange, Depends(FromState("email_change"))]
AppSettings = Annotated[Settings, Depends(FromState("settings"))]
CallingDevice = Annotated[Device, Depends(get_device)]
Exports = Annotated[ExportReader, Depends(FromState("exports"))]
