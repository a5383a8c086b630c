"""The events that auth sends to other services. Those that it sends to itself are in `mail_events`."""

from auth.services.records import Account
from common.contracts.events import AccountData
from common.state_events import Event


def account_event(account: Account) -> Event:
    data = AccountData(
        email=account.email,
        name=account.name,
        username=account.username,
        roles=account.roles,
        status=account.status,
    )
    if data.gone:  # services that must erase it need no more data
        data = AccountData(email="", name="", roles=[], status=account.status)
    return Event((account.id,), account.version, data)
