"""For admins: other people's accounts, and the audit trail."""

from typing import Annotated, Literal

from fastapi import Query
from pydantic import StringConstraints

from auth.deps import Administrator, CallingDevice, ManageAccounts, ProvenAdministrator, ReadAudit
from auth.schemas.account import AccountUpdate, ManagedAccountResponse
from auth.schemas.audit import AuditEventResponse, AuditMoment
from auth.schemas.second_factor import FactorReset
from auth.services.administration.management import Manager
from auth.services.audit import Action, AuditFilter
from auth.services.errors import AccountBeingDeleted, AccountNotFound, LastAdmin, NotAnAdmin, NotThisClient
from auth.services.records import AccountFilter, Role
from auth.services.second_factor.errors import OwnSecondFactor, SecondFactorOff
from common.errors import InsufficientUserAuthentication
from common.http.cursors import BadCursor, to_micros
from common.http.etags import IfMatch, WithETag, set_etag
from common.http.paging import PageResponse, Paging
from common.http.problems import problems
from common.http.routing import SmallBodyRoute, service_router
from common.schemas import Id, Text

router = service_router("/auth", "admin", SmallBodyRoute)

ACCOUNTS, AUDIT = "accounts", "audit"
Part = Annotated[Text, StringConstraints(min_length=3, max_length=100)]
Status = Literal["active", "disabled", "deleting", "deleted"]


@router.get("/accounts", responses=problems(BadCursor))
async def find_accounts(
    caller: Administrator,
    management: ManageAccounts,
    page: Paging,
    q: Annotated[Part | None, Query(description="Part of a name or address, or an id.", examples=["ada@"])] = None,
    status: Status | None = None,
    role: Role | None = None,
) -> PageResponse[ManagedAccountResponse]:
    """List accounts, the newest first."""
    found = await management.page(AccountFilter(q, status, role), page.limit, page.after_id(ACCOUNTS))
    return page.answer(found, ACCOUNTS, lambda account: (account.id,), ManagedAccountResponse)


@router.get("/accounts/{account_id}", responses=problems(AccountNotFound))
async def inspect_account(
    account_id: Id, caller: Administrator, management: ManageAccounts, answer: WithETag
) -> ManagedAccountResponse:
    """Get an account."""
    account = await management.get(account_id)
    set_etag(answer, account.version)
    return ManagedAccountResponse.model_validate(account)


@router.patch("/accounts/{account_id}", responses=problems(NotAnAdmin, AccountNotFound, LastAdmin, AccountBeingDeleted))
async def manage_account(
    account_id: Id,
    update: AccountUpdate,
    caller: Administrator,
    management: ManageAccounts,
    device: CallingDevice,
    expected: IfMatch,
    answer: WithETag,
) -> ManagedAccountResponse:
    """Disable or enable an account, or change its roles.

    Both take effect everywhere within seconds. A disabled account's sessions end, and its tokens are refused. After a
    change of roles its tokens are refused as well, and the next refresh returns one with the new roles.
    """
    by = Manager(caller.account_id, device.ip, update.reason)
    account = await management.change(account_id, by, status=update.status, roles=update.roles, expected=expected)
    set_etag(answer, account.version)
    return ManagedAccountResponse.model_validate(account)


@router.delete(
    "/accounts/{account_id}/sessions",
    status_code=204,
    deprecated=True,
    responses=problems(NotAnAdmin, AccountNotFound),
)
async def sign_account_out(
    account_id: Id, caller: Administrator, management: ManageAccounts, device: CallingDevice
) -> None:
    """Sign an account out everywhere. `POST …/sign-out` does the same, and keeps the reason."""
    await management.sign_out_everywhere(account_id, Manager(caller.account_id, device.ip))


@router.post(
    "/accounts/{account_id}/second-factor/reset",
    status_code=204,
    responses=problems(
        InsufficientUserAuthentication, NotAnAdmin, AccountNotFound, SecondFactorOff, OwnSecondFactor, NotThisClient
    ),
)
async def reset_second_factor(
    account_id: Id, reset: FactorReset, caller: ProvenAdministrator, management: ManageAccounts, device: CallingDevice
) -> None:
    """Turn off the second factor of somebody who has lost it. Signs them out, and tells them by mail.

    The admin's session must have proven within ten minutes who its owner is.
    """
    await management.reset_second_factor(account_id, Manager(caller.account_id, device.ip), reset.reason)


@router.get("/audit", responses=problems(BadCursor))
async def list_audit_events(
    caller: Administrator,
    audit: ReadAudit,
    page: Paging,
    account_id: Annotated[Id | None, Query(description="The account that it concerns.")] = None,
    action: Action | None = None,
    actor: Annotated[Text | None, Query(max_length=50, description="Who did it.", examples=["server"])] = None,
    since: Annotated[AuditMoment | None, Query(alias="from", description="From this moment on.")] = None,
    until: Annotated[AuditMoment | None, Query(alias="to", description="Until before this moment.")] = None,
) -> PageResponse[AuditEventResponse]:
    """List events of accounts, roles and keys, the newest first. Nobody can change or remove a line."""
    wanted = AuditFilter(account_id, action, actor, since, until)
    found = await audit.page(wanted, page.limit, page.after_time(AUDIT))
    return page.answer(found, AUDIT, lambda line: (to_micros(line.at), line.id), AuditEventResponse)
