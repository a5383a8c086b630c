"""How long posts keeps what nobody uses any more."""

from typing import Final

from common import retention
from common.ports import Transactions
from posts.services.ports import UnitOfWork

BATCH = 500
RULES: Final[retention.Rules[UnitOfWork]] = {"unused tags": lambda work: work.tags.forget_unused(BATCH)}


async def run_retention(transactions: Transactions[UnitOfWork]) -> None:
    await retention.run_retention(transactions, RULES)


async def apply_retention(transactions: Transactions[UnitOfWork]) -> None:
    await retention.apply_retention(transactions, RULES)
