"""The page in a real browser: no error, no sideways scrolling, all structures visible."""

import functools
import http.server
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from yaokit.report.html import write_report
from yaokit.report.run import StepFolder

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
PROBE = """<!doctype html><title>probe</title><iframe id=f src=report.html width={width} height=900></iframe>
<pre id=out></pre><script>
const errors = [];
f.onload = async () => {{
  const w = f.contentWindow, d = f.contentDocument;
  const empty = [...d.querySelectorAll("svg.mol")].filter(
    (s) => s.getBoundingClientRect().width > 0 && s.getBBox().width < 5).length;
  const form = d.getElementById("controls").elements;
  form.sort.value = "pred"; form.gallery.checked = true; form.domain.checked = true;
  d.getElementById("controls").dispatchEvent(new w.Event("input"));
  const first = [...d.querySelectorAll(".card")].find((c) => !c.hidden);
  const plot = d.querySelector(".plot svg"), circle = plot.querySelector("g.candidate circle");
  plot.scrollIntoView();
  const at = circle.getBoundingClientRect();
  plot.dispatchEvent(new w.PointerEvent("pointermove",
    {{bubbles: true, clientX: at.x + at.width / 2, clientY: at.y + at.height / 2}}));
  const tip = d.querySelector("#tip");
  out.textContent = JSON.stringify({{sideways: d.documentElement.scrollWidth > {width}, empty,
    sorted: JSON.parse(first.dataset.sort).pred, shown: d.getElementById("shown").textContent,
    tip: tip.textContent, tipDrawn: tip.querySelectorAll("path").length > 0}});
}};
</script>"""

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not CHROMIUM, reason="no chromium here")]


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def site(
    run_folders: list[StepFolder], about: dict, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    out = tmp_path_factory.mktemp("site")
    write_report(out, run_folders, about)
    for width in (390, 1440):
        (out / f"probe{width}.html").write_text(PROBE.format(width=width))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=out))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("width", [390, 1440])
def test_the_page_works_at_phone_and_desktop_width(site: str, width: int, tmp_path: Path):
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync"]
    options += ["--disable-background-networking", "--disable-component-update", "--enable-logging=stderr"]
    options += [f"--user-data-dir={tmp_path}", "--virtual-time-budget=8000", "--dump-dom"]
    command = [str(CHROMIUM), *options, f"{site}/probe{width}.html"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert "CONSOLE" not in done.stderr
    found = re.search(r'<pre id="out">(.*?)</pre>', done.stdout)
    assert found
    for promise in ('"sideways":false', '"empty":0', '"tipDrawn":true'):
        assert promise in found[1], found[1]
    assert re.search(r'"tip":"[^"]*candidate \d+: ', found[1])
