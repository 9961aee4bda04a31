"""The two clients: one whose calls wait for their answers, and one for asyncio. They ask the same in the same way."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import date
from typing import Any, Self, TypeVar

import httpx2

from buurtwijzer_client import calls
from buurtwijzer_client.answers import (
    Page,
    Plan,
    PlanContent,
    PlanList,
    Quote,
    SignUp,
    SignUpState,
    Suggestion,
    Verification,
)
from buurtwijzer_client.calls import Call
from buurtwijzer_client.problems import Problem
from buurtwijzer_client.retrying import Retries

T = TypeVar("T")


def _options(url: str, key: str, timeout_s: float) -> dict[str, Any]:
    return {"base_url": url, "headers": {"Authorization": f"Bearer {key}"}, "timeout": timeout_s}


def _request(call: Call[Any]) -> dict[str, Any]:
    given = {name: value for name, value in call.params.items() if value is not None}
    return {"params": given or None, "json": call.json, "headers": dict(call.headers)}


def _read(call: Call[T], answer: httpx2.Response) -> T:
    if answer.is_error:
        raise Problem.of(answer)
    return call.answer.validate_json(answer.content)


class Client:
    """A client whose calls wait for their answers.

    Parameters
    ----------
    url
        Address of the API, without a path.
    key
        A key of `buurtwijzer keys create`; it is sent as a header and never in an address.
    retries
        How patient it is.
    timeout_s
        Seconds that an answer may take.

    Every call raises `Problem` for a refusal, and httpx2's own errors where the server cannot be reached.
    """

    def __init__(self, url: str, key: str, *, retries: Retries = Retries(), timeout_s: float = 30.0) -> None:  # noqa: B008 -- frozen
        self._retries = retries
        self._http = httpx2.Client(**_options(url, key, timeout_s))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def suggest(self, text: str, *, language: str = "nl", limit: int = 10) -> list[Suggestion]:
        """Complete what somebody types into a form."""
        return self._send(calls.suggest(text, language, limit)).data

    def verify(self, address: Mapping[str, Any], *, eligibility: bool = False) -> Verification:
        """Find an address, and say who may join there where that is asked; nothing is kept."""
        return self._send(calls.verify(address, eligibility=eligibility))

    def sign_up(self, address: Mapping[str, Any], *, email: str, address_id: str | None = None) -> SignUp:
        """Ask to join; `address_id` is that of the corrected address that the person has confirmed."""
        return self._send(calls.sign_up(address, email, address_id))

    def show_sign_up(self, sign_up_id: str) -> SignUpState:
        """Return where a sign-up stands."""
        return self._send(calls.show_sign_up(sign_up_id))

    def prove(self, sign_up_id: str, kind: str, *, code: str | None = None) -> SignUpState:
        """Settle a sign-up by a proof."""
        return self._send(calls.prove(sign_up_id, kind, code))

    def make_quote(self, wish: Mapping[str, Any], *, idempotency_key: str | None = None) -> Quote:
        """Make a quote, once however often it is sent; a key of one's own makes that hold over restarts too."""
        return self._send(calls.make_quote(wish, idempotency_key))

    def issue_quote(self, made: Quote) -> Quote:
        """Issue a quote as it was seen; a 412 says that somebody has changed it."""
        return self._send(calls.issue_quote(made))

    def quotes(self, **params: Any) -> Iterator[Quote]:
        """Give all quotes, the newest first, page by page as they are asked for."""
        call = calls.list_quotes(params)
        while True:
            page: Page[Quote] = self._send(call)
            yield from page.data
            if page.next_cursor is None:
                return
            call = call.after(page.next_cursor)

    def plans(self, municipality: str) -> PlanList:
        """Return the plans of a municipality, and the drafts that are under way."""
        return self._send(calls.list_plans(municipality))

    def plan_on(self, municipality: str, day: date) -> Plan:
        """Return the plan of a municipality that holds on a day."""
        return self._send(calls.plan_on(municipality, day))

    def read_plan(self, plan_id: str) -> PlanContent:
        """Return a plan with its buurten."""
        return self._send(calls.read_plan(plan_id))

    def _send(self, call: Call[T]) -> T:
        tried = 0
        while True:
            try:
                answer = self._http.request(call.method, call.path, **_request(call))
            except httpx2.TransportError:
                wait = self._retries.wait_after(None, tried, repeatable=call.repeatable)
                if wait is None:
                    raise
            else:
                wait = self._retries.wait_after(answer, tried, repeatable=call.repeatable)
                if wait is None:
                    return _read(call, answer)
            time.sleep(wait)
            tried += 1


class AsyncClient:
    """The same for asyncio; see `Client` for the parameters and the calls."""

    def __init__(self, url: str, key: str, *, retries: Retries = Retries(), timeout_s: float = 30.0) -> None:  # noqa: B008 -- frozen
        self._retries = retries
        self._http = httpx2.AsyncClient(**_options(url, key, timeout_s))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def suggest(self, text: str, *, language: str = "nl", limit: int = 10) -> list[Suggestion]:
        """Complete what somebody types into a form."""
        return (await self._send(calls.suggest(text, language, limit))).data

    async def verify(self, address: Mapping[str, Any], *, eligibility: bool = False) -> Verification:
        """Find an address."""
        return await self._send(calls.verify(address, eligibility=eligibility))

    async def sign_up(self, address: Mapping[str, Any], *, email: str, address_id: str | None = None) -> SignUp:
        """Ask to join."""
        return await self._send(calls.sign_up(address, email, address_id))

    async def show_sign_up(self, sign_up_id: str) -> SignUpState:
        """Return where a sign-up stands."""
        return await self._send(calls.show_sign_up(sign_up_id))

    async def prove(self, sign_up_id: str, kind: str, *, code: str | None = None) -> SignUpState:
        """Settle a sign-up by a proof."""
        return await self._send(calls.prove(sign_up_id, kind, code))

    async def make_quote(self, wish: Mapping[str, Any], *, idempotency_key: str | None = None) -> Quote:
        """Make a quote, once however often it is sent."""
        return await self._send(calls.make_quote(wish, idempotency_key))

    async def issue_quote(self, made: Quote) -> Quote:
        """Issue a quote as it was seen."""
        return await self._send(calls.issue_quote(made))

    async def quotes(self, **params: Any) -> AsyncIterator[Quote]:
        """Give all quotes, the newest first."""
        call = calls.list_quotes(params)
        while True:
            page: Page[Quote] = await self._send(call)
            for one in page.data:
                yield one
            if page.next_cursor is None:
                return
            call = call.after(page.next_cursor)

    async def plans(self, municipality: str) -> PlanList:
        """Return the plans of a municipality."""
        return await self._send(calls.list_plans(municipality))

    async def plan_on(self, municipality: str, day: date) -> Plan:
        """Return the plan of a municipality that holds on a day."""
        return await self._send(calls.plan_on(municipality, day))

    async def read_plan(self, plan_id: str) -> PlanContent:
        """Return a plan with its buurten."""
        return await self._send(calls.read_plan(plan_id))

    async def _send(self, call: Call[T]) -> T:
        tried = 0
        while True:
            try:
                answer = await self._http.request(call.method, call.path, **_request(call))
            except httpx2.TransportError:
                wait = self._retries.wait_after(None, tried, repeatable=call.repeatable)
                if wait is None:
                    raise
            else:
                wait = self._retries.wait_after(answer, tried, repeatable=call.repeatable)
                if wait is None:
                    return _read(call, answer)
            await asyncio.sleep(wait)
            tried += 1
