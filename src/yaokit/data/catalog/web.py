"""HTTP requests that wait, try again and never follow an answer off the web."""

import email.utils
import http.client
import os
import random
import socket
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from yaokit import __version__
from yaokit.core.errors import Interrupted, UsageError

T = TypeVar("T")
_AGAIN = {408, 425, 429, 500, 502, 503, 504}
_LONGEST_WAIT_S = 120.0


@dataclass(frozen=True)
class Patience:
    """How long to try: attempts, the first wait (doubled each time, with jitter), time for an answer."""

    attempts: int = 6
    wait_s: float = 1.0
    timeout_s: float = 60.0


class Again(Exception):
    """An answer that is worth another try, after `wait_s` if the server says so.

    With `moved` the try brought something that stays, so it costs no patience.
    """

    def __init__(self, why: str, wait_s: float | None = None) -> None:
        super().__init__(why)
        self.wait_s, self.moved = wait_s, False


class _OnTheWeb(urllib.request.HTTPRedirectHandler):
    """Follows redirects to http and https only, and never from https to http."""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        was, now = (urllib.parse.urlsplit(url).scheme for url in (req.full_url, newurl))
        if now not in ("http", "https") or (was == "https" and now == "http"):
            raise UsageError(f"{req.full_url} leads to {newurl}, which is not followed; tell who runs it")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def open_url(
    url: str, *, headers: Mapping[str, str] | None = None, body: bytes | None = None, timeout_s: float = 60.0
) -> Any:
    """The open answer of one request; Again if another try may help, UsageError if it will not."""
    if urllib.parse.urlsplit(url).scheme not in ("http", "https"):
        raise UsageError(f"{url} is not an http or https address")
    own = {"User-Agent": f"yaokit/{__version__}", "Accept-Encoding": "identity", **(headers or {})}
    request = urllib.request.Request(url, data=body, headers=own)
    try:
        return _opener().open(request, timeout=timeout_s)
    except urllib.error.HTTPError as error:
        with error:
            if error.code in _AGAIN:
                wait = _retry_after(error.headers.get("Retry-After"))
                raise Again(f"HTTP {error.code}", wait) from None
            raise BadAnswer(url, error.code, error.reason) from None
    except (TimeoutError, http.client.HTTPException, ConnectionResetError) as error:
        raise Again(f"{type(error).__name__}: {error}") from None
    except urllib.error.URLError as error:
        if isinstance(error.reason, TimeoutError | ConnectionResetError):
            raise Again(str(error.reason)) from None
        raise Offline(url, error.reason) from None


class BadAnswer(UsageError):
    """The server says no."""

    def __init__(self, url: str, code: int, reason: str) -> None:
        what = "there is no such thing" if code in (404, 410) else reason
        super().__init__(f"{url}: the server answers HTTP {code} ({what})")
        self.code = code


class Offline(UsageError):
    """No way to the server."""

    def __init__(self, url: str, reason: object) -> None:
        host = urllib.parse.urlsplit(url).netloc
        what = "the name is not known" if isinstance(reason, socket.gaierror) else reason
        super().__init__(f"no connection to {host} ({what}); is there a network, or a proxy to name?")


def patiently(attempt: Callable[[], T], url: str, patience: Patience) -> T:
    """What `attempt` gives, tried again while it raises Again; Interrupted when patience ends."""
    failed = 0
    while True:
        try:
            return attempt()
        except Again as trouble:
            failed = 1 if trouble.moved else failed + 1
            if failed >= patience.attempts:
                raise Interrupted(
                    f"{url}: {trouble}, {failed} times; what has come is kept: run again later to continue"
                ) from None
            wait = patience.wait_s * 2 ** (failed - 1) * random.uniform(0.5, 1.5)
            time.sleep(min(max(wait, trouble.wait_s or 0.0), _LONGEST_WAIT_S))


def _opener() -> urllib.request.OpenerDirector:
    """urllib's without its handlers for files, FTP and data addresses."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.UnknownHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        _OnTheWeb(),
    ):
        opener.add_handler(handler)
    return opener


def _retry_after(text: str | None) -> float | None:
    """Seconds asked for, as a number or as a date."""
    if not text:
        return None
    if text.strip().isdigit():
        return float(text)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(text).timestamp() - time.time())
    except ValueError:
        return None


def mirrored(host: str, address: str) -> str:
    """The base address of a host of the catalog, or the mirror in YAOKIT_HOST_<NAME>."""
    return os.environ.get(f"YAOKIT_HOST_{host.upper()}", address).rstrip("/")
