"""Downloads: whole or not at all, patient with trouble that passes, deaf to a server's wishes."""

import hashlib
import signal
import subprocess
import sys
import time
from email.utils import formatdate
from pathlib import Path

import pytest
from toy_server import Answer, in_turn, ranged, serving

from yaokit.core.errors import Interrupted, UsageError
from yaokit.data.catalog.download import Wanted, download
from yaokit.data.catalog.web import Patience

BODY = b"smiles,y\n" + b"CCO,1\n" * 50_000
QUICK = Patience(attempts=4, wait_s=0.001, timeout_s=2)


def get(url: str, path: Path, **wanted) -> bytes:
    return download(Wanted(url, **wanted), path, patience=QUICK).read_bytes()


def left_in(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def test_a_file_comes_whole_and_alone(tmp_path: Path):
    with serving(ranged(BODY)) as server:
        assert get(f"{server.url}/a", tmp_path / "a.csv", sha256=hashlib.sha256(BODY).hexdigest()) == BODY
        assert get(f"{server.url}/a", tmp_path / "a.csv") == BODY  # is there: not asked for again
    assert len(server.asked) == 1
    assert left_in(tmp_path) == ["a.csv"]


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_trouble_that_passes_is_tried_again(status: int, tmp_path: Path):
    with serving(in_turn(Answer(status=status), Answer(status=status), Answer(BODY))) as server:
        assert get(f"{server.url}/a", tmp_path / "a.csv") == BODY
    assert len(server.asked) == 3


def test_trouble_that_stays_ends_in_a_message(tmp_path: Path):
    with (
        serving(in_turn(Answer(status=503))) as server,
        pytest.raises(Interrupted, match="HTTP 503, 4 times"),
    ):
        get(f"{server.url}/a", tmp_path / "a.csv")
    assert len(server.asked) == 4
    assert not (tmp_path / "a.csv").exists()


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_the_server_says_how_long_to_wait(form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    waited: list[float] = []
    monkeypatch.setattr("yaokit.data.catalog.web.time.sleep", waited.append)
    wait = formatdate(time.time() + 2, usegmt=True) if form == "date" else "1"
    with serving(in_turn(Answer(status=429, headers={"Retry-After": wait}), Answer(BODY))) as server:
        get(f"{server.url}/a", tmp_path / "a.csv")
    assert len(waited) == 1
    assert 0.5 < waited[0] <= 2


def test_a_wait_asked_for_has_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    waited: list[float] = []
    monkeypatch.setattr("yaokit.data.catalog.web.time.sleep", waited.append)
    with serving(in_turn(Answer(status=429, headers={"Retry-After": "86400"}), Answer(BODY))) as server:
        get(f"{server.url}/a", tmp_path / "a.csv")
    assert waited == [120]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_a_refusal_is_final_and_told(status: int, tmp_path: Path):
    with serving(in_turn(Answer(status=status))) as server, pytest.raises(UsageError, match=f"HTTP {status}"):
        get(f"{server.url}/a", tmp_path / "a.csv")
    assert len(server.asked) == 1
    assert left_in(tmp_path) == []


def test_a_cut_answer_is_continued_where_it_ended(tmp_path: Path):
    with serving(ranged(BODY, sent=100_000)) as server:
        assert get(f"{server.url}/a", tmp_path / "a.csv") == BODY
    assert server.asked[1].headers["Range"] == "bytes=100000-"


def test_a_cut_answer_of_a_server_without_ranges_is_asked_for_again(tmp_path: Path):
    with serving(in_turn(Answer(BODY, sent=70_000), Answer(BODY))) as server:
        assert get(f"{server.url}/a", tmp_path / "a.csv") == BODY
    assert "Range" not in server.asked[1].headers


def test_a_cut_answer_in_chunks_is_no_whole_file(tmp_path: Path):
    chunk = b"6\r\nCCO,1\n\r\n"
    headers = {"Content-Length": "", "Transfer-Encoding": "chunked"}
    broken, whole = (Answer(chunk + end, headers=headers) for end in (b"9\r\nCC", b"0\r\n\r\n"))
    with serving(in_turn(broken, whole)) as server:
        server_url = server.url
        assert get(f"{server_url}/a", tmp_path / "a.csv") == b"CCO,1\n"
    assert len(server.asked) == 2


def test_a_connection_that_keeps_breaking_gets_there_all_the_same(tmp_path: Path):
    whole = ranged(BODY)

    def rule(asked):
        answer = whole(asked)
        answer.sent = 30_000
        return answer

    with serving(rule) as server:
        assert get(f"{server.url}/a", tmp_path / "a.csv") == BODY
    assert len(server.asked) > QUICK.attempts


def test_a_server_that_breaks_at_the_same_place_is_given_up(tmp_path: Path):
    with (
        serving(in_turn(Answer(BODY, sent=70_000))) as server,
        pytest.raises(Interrupted, match="ended after"),
    ):
        get(f"{server.url}/a", tmp_path / "a.csv")
    assert len(server.asked) <= QUICK.attempts


def test_a_file_that_changed_meanwhile_is_not_glued_together(tmp_path: Path):
    with serving(ranged(BODY, sent=100_000)) as server:
        old = server.rule

        def rule(asked):
            server.rule = ranged(BODY[::-1], tag='"two"')
            return old(asked)

        server.rule = rule
        assert get(f"{server.url}/a", tmp_path / "a.csv") == BODY[::-1]


def test_what_another_address_left_is_not_continued(tmp_path: Path):
    with serving(ranged(BODY, sent=1000)) as server, pytest.raises(Interrupted):
        download(Wanted(f"{server.url}/a"), tmp_path / "a.csv", patience=Patience(1, 0.001, 2))
    assert (tmp_path / "a.csv.part").stat().st_size == 1000
    with serving(ranged(b"CCN,2\n" * 9)) as other:
        assert get(f"{other.url}/b", tmp_path / "a.csv") == b"CCN,2\n" * 9
    assert "Range" not in other.asked[0].headers


def test_a_whole_part_that_was_never_named_is_finished(tmp_path: Path):
    with serving(ranged(BODY)) as server:
        (tmp_path / "a.csv.part").write_bytes(BODY)
        (tmp_path / "a.csv.part.json").write_text(f'{{"url": "{server.url}/a", "tag": "\\"one\\""}}')
        assert get(f"{server.url}/a", tmp_path / "a.csv") == BODY


def test_a_killed_download_goes_on(tmp_path: Path):
    script = (
        "import sys; from pathlib import Path; from yaokit.data.catalog.download import Wanted, download\n"
        "download(Wanted(sys.argv[1]), Path(sys.argv[2]))"
    )
    whole = ranged(BODY)

    def slow(asked):
        time.sleep(0.3)
        server.rule = whole
        answer = whole(asked)
        answer.sent = 200_000
        return answer

    with serving(slow) as server:
        child = subprocess.Popen([sys.executable, "-c", script, f"{server.url}/a", str(tmp_path / "a.csv")])
        part = tmp_path / "a.csv.part"
        for _ in range(1000):
            if (part.exists() and part.stat().st_size) or child.poll() is not None:
                break
            time.sleep(0.01)
        child.send_signal(signal.SIGKILL)
        child.wait()
        assert get(f"{server.url}/a", tmp_path / "a.csv") == BODY


def test_a_wrong_checksum_is_told_and_not_kept(tmp_path: Path):
    with serving(ranged(BODY)) as server, pytest.raises(UsageError, match=r"the checksum is \w+, not 0000"):
        get(f"{server.url}/a", tmp_path / "a.csv", sha256="0" * 64)
    assert left_in(tmp_path) == []


def test_the_caller_names_the_file_whatever_the_server_says(tmp_path: Path):
    hostile = {"Content-Disposition": 'attachment; filename="../../evil.sh"'}
    with serving(in_turn(Answer(BODY, headers=hostile))) as server:
        get(f"{server.url}/../../x", tmp_path / "in" / "a.csv")
    assert left_in(tmp_path) == ["in"]
    assert left_in(tmp_path / "in") == ["a.csv"]


@pytest.mark.parametrize(
    "target", ["file:///etc/passwd", "ftp://127.0.0.1/x", "data:text/plain,x", "gopher://x/"]
)
def test_redirects_off_the_web_are_refused(target: str, tmp_path: Path):
    with (
        serving(in_turn(Answer(status=302, headers={"Location": target}))) as server,
        pytest.raises(UsageError),
    ):
        get(f"{server.url}/a", tmp_path / "a.csv")
    assert left_in(tmp_path) == []


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://x/y", "/etc/passwd", "data:,x"])
def test_addresses_off_the_web_are_refused(url: str, tmp_path: Path):
    with pytest.raises(UsageError, match="not an http or https address"):
        get(url, tmp_path / "a.csv")


def test_redirects_on_the_web_are_followed_but_not_for_ever(tmp_path: Path):
    with serving(in_turn(Answer(status=301, headers={"Location": "/b"}), Answer(BODY))) as server:
        assert get(f"{server.url}/a", tmp_path / "a.csv") == BODY
    with (
        serving(in_turn(Answer(status=302, headers={"Location": "/a"}))) as server,
        pytest.raises(UsageError, match="HTTP 302"),
    ):
        get(f"{server.url}/a", tmp_path / "b.csv")


@pytest.mark.parametrize("told", [True, False])
def test_more_than_the_limit_is_refused(told: bool, tmp_path: Path):
    chunked = {"Content-Length": "", "Transfer-Encoding": "chunked"}
    answer = Answer(BODY) if told else Answer(b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY), headers=chunked)
    with (
        serving(in_turn(answer)) as server,
        pytest.raises(UsageError, match="larger than the limit of 1,000"),
    ):
        get(f"{server.url}/a", tmp_path / "a.csv", max_bytes=1000)
    assert left_in(tmp_path) == []


def test_a_log_in_page_is_no_data(tmp_path: Path):
    page = Answer(b"\n<!DOCTYPE html><html>Please sign in</html>")
    with serving(in_turn(page)) as server, pytest.raises(UsageError, match="a web page came instead of data"):
        get(f"{server.url}/a", tmp_path / "a.csv")
    assert left_in(tmp_path) == []


def test_no_server_is_one_message(tmp_path: Path):
    with serving(in_turn(Answer(BODY))) as server:
        url = server.url
    with pytest.raises(UsageError, match=r"no connection to 127.0.0.1:\d+ .*is there a network"):
        get(f"{url}/a", tmp_path / "a.csv")


def test_a_server_that_says_nothing_is_not_waited_for(tmp_path: Path):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        wanted = Wanted(f"http://127.0.0.1:{silent.getsockname()[1]}/a")
        with pytest.raises(Interrupted, match="2 times"):
            download(wanted, tmp_path / "a.csv", patience=Patience(2, 0.001, 0.2))
