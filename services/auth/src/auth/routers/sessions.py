"""The caller's sessions."""

import struct
from datetime import datetime
from uuid import UUID

from auth.deps import CallingDevice, Sessions
from auth.schemas.session import SessionResponse
from auth.services.errors import SessionNotFound
from auth.services.records import OpenSession
from common.http.cursors import BadCursor, from_micros, to_micros
from common.http.deps import SignedIn
from common.http.paging import PageRequest, PageResponse, Paging
from common.http.problems import problems
from common.http.routing import SmallBodyRoute, service_router
from common.tokens.claims import Principal

router = service_router("/auth/sessions", "sessions", SmallBodyRoute)

KIND = "sessions"
HALVES = ">2q"


@router.get("", responses=problems(BadCursor))
async def list_sessions(caller: SignedIn, sessions: Sessions, page: Paging) -> PageResponse[SessionResponse]:
    """List where the caller is signed in, the latest sign-in first."""
    found = await sessions.page(caller.account_id, page.limit, place(page))
    rows, cursor = page.page(found, KIND, where)
    return PageResponse(items=[show(row, caller) for row in rows], next_cursor=cursor)


@router.delete("/{session_id}", status_code=204, responses=problems(SessionNotFound))
async def end_session(session_id: UUID, caller: SignedIn, sessions: Sessions, device: CallingDevice) -> None:
    """Sign out one device. Its access tokens are refused everywhere within seconds."""
    await sessions.end(caller.account_id, session_id, device)


@router.delete("", status_code=204)
async def end_other_sessions(caller: SignedIn, sessions: Sessions, device: CallingDevice) -> None:
    """Sign out all devices but this one."""
    await sessions.end_others(caller.account_id, caller.session_id, device)


def show(session: OpenSession, caller: Principal) -> SessionResponse:
    return SessionResponse(
        id=session.id,
        created_at=session.created_at,
        last_used_at=session.last_used_at,
        user_agent=session.user_agent,
        ip=session.ip,
        current=str(session.id) == caller.sid,
    )


def place(page: PageRequest) -> tuple[datetime, UUID] | None:
    after = page.after(KIND, 3)
    return (from_micros(after[0]), UUID(bytes=struct.pack(HALVES, *after[1:]))) if after else None


def where(session: OpenSession) -> tuple[int, ...]:
    """A session's place in the list: its time, and its id as two numbers."""
    return to_micros(session.created_at), *struct.unpack(HALVES, session.id.bytes)
