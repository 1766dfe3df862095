"""What stands before every page: headers, limits on requests and bodies, signed sessions, forgery protection."""

from __future__ import annotations

import hmac
import os
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fastapi import Request, Response
from fastapi.responses import PlainTextResponse
from itsdangerous import BadSignature, URLSafeTimedSerializer
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE = "evenhand_desk"
HOURS = 8
MOST_BODY = 42 << 20  # bytes; a returned roster has at most 40 MB
VISITORS = 5  # so much more may come from an address of people not logged in: an office has one address for all
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


@dataclass
class Limit:
    """At most `most` events per key within `seconds`."""

    most: int
    seconds: float
    clock: Callable[[], float] = time.monotonic
    seen: dict[str, list[float]] = field(default_factory=dict)

    def full(self, key: str) -> bool:
        """Whether the next event of this key would be one too many; counts nothing."""
        now = self.clock()
        return sum(at > now - self.seconds for at in self.seen.get(key, [])) >= self.most

    def allows(self, key: str) -> bool:
        """Count an event, unless it is one too many."""
        now = self.clock()
        if len(self.seen) > 10_000:
            self.seen = {k: v for k, v in self.seen.items() if v[-1] > now - self.seconds}
        recent = [at for at in self.seen.get(key, []) if at > now - self.seconds]
        allowed = len(recent) < self.most
        self.seen[key] = [*recent, now] if allowed else recent or [now]
        return allowed


class Wall:
    """Middleware: the rate limit, the body limit, and the headers on every answer, refusals included.

    `requests_a_minute` holds for each person logged in; VISITORS times as many for each address without a log-in.
    """

    def __init__(self, app: ASGIApp, sessions: Sessions, requests_a_minute: int) -> None:
        self.app, self.sessions = app, sessions
        self.people, self.visitors = Limit(requests_a_minute, 60), Limit(VISITORS * requests_a_minute, 60)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def headed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                if self.sessions.secure:
                    headers["Strict-Transport-Security"] = "max-age=31536000"
            await send(message)

        await (self._refusal(Request(scope)) or self.app)(scope, receive, headed)

    def _refusal(self, request: Request) -> Response | None:
        length = request.headers.get("content-length", "0")
        if not self._allowed(request):
            return PlainTextResponse("Too many requests; wait a minute.", 429, {"Retry-After": "60"})
        if not length.isdigit() or int(length) > MOST_BODY:
            return PlainTextResponse("The file is too large.", 413)
        if request.method == "POST" and "content-length" not in request.headers:
            return PlainTextResponse("Say how long it is.", 411)
        return None

    def _allowed(self, request: Request) -> bool:
        login = str(self.sessions.read(request).get("login", ""))
        if login:
            return self.people.allows(login)
        return self.visitors.allows(request.client.host if request.client else "?")


class Sessions:
    """Signed cookies; nothing is kept on the server but the key."""

    def __init__(self, key_file: Path, secure: bool) -> None:
        self.signer = URLSafeTimedSerializer(_key(key_file), salt="evenhand desk")
        self.secure = secure

    def start(self, response: Response, login: str) -> None:
        """Give the browser a session with a fresh forgery token; an empty login is a visitor."""
        value = self.signer.dumps({"login": login, "token": secrets.token_urlsafe(24)})
        response.set_cookie(COOKIE, value, max_age=HOURS * 3600, httponly=True, samesite="strict", secure=self.secure)

    def read(self, request: Request) -> dict[str, Any]:
        """The session; empty where there is none, it is too old or forged. Looked at once a request."""
        if not hasattr(request.state, "session"):
            try:
                request.state.session = dict(self.signer.loads(request.cookies.get(COOKIE, ""), max_age=HOURS * 3600))
            except BadSignature:
                request.state.session = {}
        found: dict[str, Any] = request.state.session
        return found


def same_token(session: dict[str, Any], given: str) -> bool:
    """Whether a form carries the session's token."""
    return bool(session.get("token")) and hmac.compare_digest(str(session["token"]), given)


def _key(path: Path) -> str:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "x", encoding="utf-8", opener=lambda p, flags: os.open(p, flags, 0o600)) as file:
            file.write(secrets.token_hex(32))
    return path.read_text("utf-8").strip()
