"""A web server on this machine that answers as told, and remembers what it was asked."""

import http.server
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from unittest.mock import patch


@dataclass
class Asked:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Answer:
    """What to say: status, headers, and a body of which perhaps only the first `sent` bytes go out."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    sent: int | None = None


Rule = Callable[[Asked], Answer]


@dataclass
class Server:
    """Answers by `rule`; `asked` are the requests so far."""

    url: str
    rule: Rule
    asked: list[Asked] = field(default_factory=list)


@contextmanager
def serving(rule: Rule) -> Iterator[Server]:
    """A running server; `server.rule` can be replaced at any time."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            asked = Asked(self.path, dict(self.headers.items()), self.rfile.read(length))
            server.asked.append(asked)
            answer = server.rule(asked)
            self.send_response(answer.status)
            for name, value in {"Content-Length": str(len(answer.body)), **answer.headers}.items():
                if value:
                    self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body[: answer.sent])
            self.close_connection = True

        do_POST = do_GET

        def log_message(self, format: str, *args: object) -> None:
            pass

    backend = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server = Server(f"http://127.0.0.1:{backend.server_port}", rule)
    thread = threading.Thread(target=backend.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        with patch.dict(os.environ, {"no_proxy": "127.0.0.1"}):
            yield server
    finally:
        backend.shutdown()
        backend.server_close()
        thread.join()


def in_turn(*answers: Answer) -> Rule:
    """One answer after the other; the last one for ever."""
    left = list(answers)
    return lambda asked: left.pop(0) if len(left) > 1 else left[0]


def ranged(body: bytes, tag: str = '"one"', sent: int | None = None) -> Rule:
    """A file whose rest can be asked for; `sent` cuts what goes out the first time."""
    cuts = [sent]

    def rule(asked: Asked) -> Answer:
        cut = cuts.pop() if cuts else None
        wanted = asked.headers.get("Range", "")
        if wanted and asked.headers.get("If-Range") == tag:
            start = int(wanted.removeprefix("bytes=").rstrip("-"))
            if start >= len(body):
                return Answer(status=416)
            span = f"bytes {start}-{len(body) - 1}/{len(body)}"
            return Answer(body[start:], 206, {"Content-Range": span, "ETag": tag}, cut)
        return Answer(body, 200, {"ETag": tag}, cut)

    return rule
