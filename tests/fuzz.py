"""Sends requests that are generated from a service's OpenAPI document, and checks every answer against the document.

Each operation gets schemathesis's boundary cases and random ones, valid and invalid, by every kind of caller. `known`
values (existing ids, a right password) replace fields of the same name, so that not every answer is a refusal. The
seed is fixed, so failures are reproducible. `make fuzz` raises FUZZ_CASES.
"""

import asyncio
import contextlib
import os
import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from math import ceil
from typing import Any, Final, TypeAlias

import requests
import schemathesis
from fastapi import FastAPI
from httpx import AsyncClient
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import APIOperation, BaseSchema, Case, GenerationMode
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance, unsupported_method

from common.http.docs import describe
from tests.peers import text

CASES: Final = int(os.environ.get("FUZZ_CASES", "100"))
"""Random cases per service, beside some hundred boundary cases."""
ENOUGH: Final = 5000
SEED: Final = 3
MODES: Final = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]
# Pydantic accepts "5" as an integer; a rule may refuse a well-formed value; /posts/feed matches /posts/{post_id}.
EXCLUDED: Final = [negative_data_rejection, positive_data_acceptance, unsupported_method]
PROBLEM: Final = "application/problem+json"
OAUTH: Final = ("/auth/token", "/auth/revoke")
"""Routes whose errors must be plain JSON (RFC 6749)."""
BASE: Final = "http://fuzz.test"

Operation: TypeAlias = APIOperation[Any, Any, Any, Any]
Caller = Callable[[], dict[str, str]]
Known = Mapping[str, Sequence[Any]]


@dataclass
class Fuzzer:
    """Sends cases from a separate thread, since Hypothesis has no event loop, to an app on this one."""

    schema: BaseSchema
    client: AsyncClient
    loop: asyncio.AbstractEventLoop
    callers: Sequence[Caller]
    known: Known
    chance: random.Random = field(default_factory=lambda: random.Random(SEED))
    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    failures: dict[tuple[str, int], str] = field(default_factory=dict)

    def run(self) -> None:
        operations = self.operations()
        kinds = [(operation, mode) for operation in operations for mode in MODES if mode in modes(operation)]
        # known things exist until the deletions, and a post outlives its comments
        kinds.sort(key=lambda kind: (kind[0].method == "delete", -kind[0].path.count("/")))
        missing = CASES
        for round_ in count():
            before = self.answers.total()
            for operation, mode in kinds:
                self.random_cases(operation, mode, ceil(missing / len(kinds)), SEED + round_)
            missing -= self.answers.total() - before
            if missing <= 0:  # operations with few inputs run out of cases early; the others get more
                break
        for operation in operations:
            for case in self.boundary_cases(operation):
                self.check(case)

    def unreached(self) -> set[str]:
        """Operations that never succeeded, so that only their refusals were tested. Few cases are no evidence."""
        tried = {operation.label for operation in self.operations()} if CASES >= ENOUGH else set()
        return tried - {label for label, status in self.answers if status < 400}

    def operations(self) -> list[Operation]:
        found = list(self.schema.get_all_operations())
        assert all(isinstance(operation, Ok) for operation in found), found
        return [operation.ok() for operation in found if isinstance(operation, Ok)]

    def boundary_cases(self, operation: Operation) -> Iterator[Case[Any]]:
        """Each field at, just below and just above its limits, missing, duplicate, of another type; other methods."""
        config = self.schema.config.generation_for(operation=operation)
        return self.schema.iter_coverage_cases(operation, generation_modes=MODES, generation_config=config)

    def random_cases(self, operation: Operation, mode: GenerationMode, cases: int, number: int) -> None:
        @seed(number)
        @settings(
            max_examples=cases,
            database=None,
            deadline=None,
            phases=[Phase.generate],  # all failures are kept unchanged: the app's state would disturb shrinking
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def check(case: Case[Any]) -> None:
            self.check(case)

        with contextlib.suppress(Unsatisfiable):  # no case at all: an operation with hardly any invalid input
            check()

    def check(self, case: Case[Any]) -> None:
        """Send one case as one of the callers, and check the answer against the document."""
        for values in (case.path_parameters, case.query, case.body):
            if isinstance(values, dict):
                for name in sorted(self.known.keys() & values.keys()):
                    if self.chance.random() < 0.5:
                        values[name] = self.chance.choice(self.known[name])
        arguments = case.as_transport_kwargs(base_url=BASE, headers=self.chance.choice(self.callers)())
        request = requests.Request(**arguments).prepare()
        answer = asyncio.run_coroutine_threadsafe(self.send(request), self.loop).result()
        label = f"{request.method} {case.path}"
        self.answers[label, answer.status_code] += 1
        try:
            case.validate_response(answer, excluded_checks=EXCLUDED)
            assert "x-request-id" in answer.headers, "an answer without its id"
            assert answer.status_code != 405 or "allow" in answer.headers, "405 without Allow"
            wanted = "application/json" if case.path in OAUTH and answer.status_code != 404 else PROBLEM
            assert answer.status_code < 400 or answer.headers["content-type"] == [wanted], "an error but no problem"
        except (AssertionError, FailureGroup) as error:
            self.failures.setdefault((label, answer.status_code), f"{error}")

    async def send(self, request: requests.PreparedRequest) -> schemathesis.Response:
        sent = [(name.encode(), text(value).encode()) for name, value in request.headers.items()]
        body = request.body if isinstance(request.body, str | bytes) else b""
        answer = await self.client.request(str(request.method), str(request.url), headers=sent, content=body)
        headers = {name: answer.headers.get_list(name) for name in answer.headers}
        return schemathesis.Response(answer.status_code, headers, answer.content, request, 0.0, verify=True)


def modes(operation: Operation) -> list[GenerationMode]:
    """An operation without parameters has no invalid input."""
    return MODES if operation.body or any(operation.iter_parameters()) else MODES[:1]


async def fuzz(app: FastAPI, client: AsyncClient, callers: Sequence[Caller], known: Known) -> Fuzzer:
    """Send the boundary cases and CASES random ones, and return the answers.

    `callers` creates the headers of each kind of caller, for each request, since tokens expire before `make fuzz` ends;
    `known` has existing values, by the names of fields.
    """
    schema = schemathesis.openapi.from_dict(describe(app, internal=True))
    schema.config.generation.update(with_security_parameters=False)
    fuzzer = Fuzzer(schema, client, asyncio.get_running_loop(), callers, known)
    await asyncio.to_thread(fuzzer.run)
    return fuzzer
