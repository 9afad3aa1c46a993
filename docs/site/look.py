"""Opens the pages of the site in Chromium, without a window, and keeps pictures of them.

    look.py SITE PICTURES

Every page at two widths: none may be wider than its window.  Some are pictured, light or dark.
The search is used as a reader uses it.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

WIDTHS = {"narrow": 400, "wide": 1400}
THEMES = {"light": 1, "dark": 0}
#: Every page, at every width, in a frame of one page: that is one start of the browser.
ALL = """<!doctype html><body><script>
addEventListener("load", async () => {
  for (const name of NAMES) {
    for (const width of WIDTHS) {
      const frame = document.createElement("iframe");
      frame.style = `width: ${width}px; height: 1200px; border: 0`;
      const loaded = new Promise((done) => frame.addEventListener("load", done));
      frame.src = name;
      document.body.append(frame);
      await loaded;
      const root = frame.contentDocument.documentElement;
      const line = document.createElement("p");
      line.textContent = `${name} ${width} ${root.scrollWidth} ${root.clientWidth}`;
      frame.replaceWith(line);
    }
  }
  document.body.dataset.complete = "yes";
});
</script>"""
#: What is pictured: the kinds of pages that there are.
PICTURED = {
    "index": [("wide", "light"), ("narrow", "dark")],
    "guide/providers": [("narrow", "light")],
    "guide/migration": [("wide", "dark")],
    "guide/benchmarks": [("wide", "light"), ("wide", "dark"), ("narrow", "light")],
    "reference/python": [("wide", "light")],
    "c/start": [("narrow", "light")],
    "c/loops": [("wide", "dark")],
    "c/porting": [("wide", "light")],
    "reference/c/smtpconn_sending": [("wide", "light"), ("narrow", "dark")],
}


class Handler(SimpleHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path != "/all":
            super().do_GET()
            return
        root = Path(self.directory)
        names = sorted(f"/{path.relative_to(root).as_posix()}" for path in root.rglob("*.html"))
        text = ALL.replace("NAMES", json.dumps(names))
        octets = text.replace("WIDTHS", json.dumps(list(WIDTHS.values()))).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(octets)))
        self.end_headers()
        self.wfile.write(octets)

    def log_message(self, *_arguments: object) -> None:
        pass


def chromium(profile: str, url: str, width: int, *more: str, seconds: int = 4) -> str:
    command = ["chromium", "--headless=new", "--no-first-run", "--disable-gpu", "--hide-scrollbars"]
    if os.geteuid() == 0:
        command.append("--no-sandbox")  # It refuses to run as root with one.
    command += [f"--user-data-dir={profile}", f"--window-size={width},1200"]
    command += [f"--virtual-time-budget={seconds * 1000}", *more, url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
    return done.stdout


def too_wide(page: str) -> Iterator[str]:
    if 'data-complete="yes"' not in page:
        yield "not every page was loaded"
    measured = re.findall(r"<p>(\S+) (\d+) (\d+) (\d+)</p>", page)
    if len(measured) < 40:
        yield f"only {len(measured)} pages were measured"
    for name, width, needs, has in measured:
        if int(needs) > int(has):
            yield f"{name} is {needs} wide in a window of {width}"


def main() -> int:
    site, pictures = Path(sys.argv[1]), Path(sys.argv[2])
    pictures.mkdir(parents=True, exist_ok=True)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    base = f"http://127.0.0.1:{server.server_address[1]}"
    with tempfile.TemporaryDirectory() as profile:
        page = chromium(profile, f"{base}/all", 1500, "--dump-dom", seconds=120)
        faults = list(too_wide(page))
        for name, kinds in PICTURED.items():
            for kind, theme in kinds:
                picture = pictures / f"{name.replace('/', '-')}-{kind}-{theme}.png"
                chromium(
                    profile,
                    f"{base}/{name}.html",
                    # A window cannot be as narrow as a telephone.
                    max(WIDTHS[kind], 500),
                    f"--screenshot={picture}",
                    f"--blink-settings=preferredColorScheme={THEMES[theme]}",
                )
        results = chromium(profile, f"{base}/search.html?q=starttls", 1400, "--dump-dom")
        if not re.search(
            r'<a[^>]*href="guide/tls\.html', results.partition('id="search-results"')[2]
        ):
            faults.append("the search for starttls does not show guide/tls.html")
    server.shutdown()
    for fault in faults:
        print(fault)
    print(f"pictures are in {pictures}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
