"""Opens the pages of the site in Chromium, without a window, and keeps pictures of them.

    look.py SITE PICTURES

Every page at two widths: none may be wider than its window.  Some are pictured, light and dark.
The search is used as a reader uses it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

WIDTHS = {"narrow": 500, "wide": 1400}
PICTURED = ("index", "guide/providers", "guide/migration", "guide/benchmarks", "reference/python")
#: Says in the page itself how wide it has become.
MEASURE = b"""<script>addEventListener("load", () => {
  const root = document.documentElement;
  root.dataset.width = root.scrollWidth + " of " + root.clientWidth;
});</script></body>"""


class Handler(SimpleHTTPRequestHandler):
    def do_GET(self) -> None:
        path = Path(self.translate_path(self.path))
        if path.suffix != ".html" or not path.is_file():
            super().do_GET()
            return
        octets = path.read_bytes().replace(b"</body>", MEASURE)
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(octets)))
        self.end_headers()
        self.wfile.write(octets)

    def log_message(self, *_arguments: object) -> None:
        pass


def chromium(profile: str, url: str, width: int, *more: str) -> str:
    command = ["chromium", "--headless=new", "--no-first-run", "--disable-gpu", "--hide-scrollbars"]
    if os.geteuid() == 0:
        command.append("--no-sandbox")  # It refuses to run as root with one.
    command += [f"--user-data-dir={profile}", f"--window-size={width},1200"]
    command += ["--virtual-time-budget=4000", *more, url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
    return done.stdout


def main() -> int:
    site, pictures = Path(sys.argv[1]), Path(sys.argv[2])
    pictures.mkdir(parents=True, exist_ok=True)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    base = f"http://127.0.0.1:{server.server_address[1]}"
    faults = []
    with tempfile.TemporaryDirectory() as profile:
        for path in sorted(site.rglob("*.html")):
            name = path.relative_to(site).with_suffix("").as_posix()
            for kind, width in WIDTHS.items():
                page = chromium(profile, f"{base}/{name}.html", width, "--dump-dom")
                found = re.search(r'data-width="(\d+) of (\d+)"', page)
                if found is None or int(found[1]) > int(found[2]):
                    faults.append(f"{name}, {kind}: {found[0] if found else 'did not load'}")
        for name in PICTURED:
            for kind, width in WIDTHS.items():
                for theme, option in (("light", 1), ("dark", 0)):
                    picture = pictures / f"{name.replace('/', '-')}-{kind}-{theme}.png"
                    shown = f"--blink-settings=preferredColorScheme={option}"
                    chromium(
                        profile, f"{base}/{name}.html", width, f"--screenshot={picture}", shown
                    )
        results = chromium(profile, f"{base}/search.html?q=starttls", 1400, "--dump-dom")
        if not re.search(r'<li[^>]*><a[^>]*href="guide/tls\.html', results):
            faults.append("the search for starttls does not show guide/tls.html")
    server.shutdown()
    for fault in faults:
        print(fault)
    print(f"pictures are in {pictures}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
