"""Client for the Trivium API: `Trivium` for threads, `AsyncTrivium` for asyncio. Both have one method per operation.

`models` has the bodies, `problems` an exception for each error code.
"""

from trivium_client import models, problems
from trivium_client.asynchronous.client import AsyncTrivium
from trivium_client.errors import DeadlineExceeded, NoAnswer, Problem, TriviumError, UnexpectedAnswer
from trivium_client.synchronous.client import Trivium
from trivium_client.tokens import Tokens

__all__ = [
    "AsyncTrivium",
    "DeadlineExceeded",
    "NoAnswer",
    "Problem",
    "Tokens",
    "Trivium",
    "TriviumError",
    "UnexpectedAnswer",
    "models",
    "problems",
]
