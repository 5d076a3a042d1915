"""Takes the README's picture of the page: the real server over the built-in corpus, in a real browser.

python docs/screenshot.py [--home DIR] [--question TEXT | --view library|evaluation] [--dark] [--out FILE.png]
"""

from __future__ import annotations

import argparse
import importlib.util
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parent.parent
BROWSER = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--hide-scrollbars"]
WIDTH, HEIGHT = 1360, 820


def webdriver() -> Any:
    spec = importlib.util.spec_from_file_location("webdriver", ROOT / "tests" / "server" / "webdriver.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def wait_for(address: str) -> None:
    for _ in range(200):
        try:
            if httpx.get(f"{address}/ready").status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.1)
    raise SystemExit("The server did not become ready.")


VIEWS = {"library": ".row", "evaluation": ".card"}


def take(address: str, view: str, question: str, out: Path, width: int, height: int, dark: bool) -> None:
    tools = webdriver()
    with tools.running_driver("chromedriver") as driver:
        browser = tools.Browser(driver, BROWSER)
        browser.resize(width, height)
        scheme = "dark" if dark else "light"
        browser.devtools("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        browser.go(f"{address}/")
        browser.wait(lambda: browser.visible("#question"))
        if view:
            browser.click(f"#to-{view}")
            browser.wait(lambda: browser.visible(VIEWS[view]))
            save(browser, out)
            return
        if any("぀" <= sign <= "ヿ" for sign in question):
            browser.click('[data-interface="ja"]')
        browser.type("#question", question + tools.ENTER)
        browser.wait(lambda: browser.visible("#actions"))
        if browser.run("return document.querySelector('#text .marker') !== null"):
            browser.run("document.querySelector('#text .marker').click()")
            browser.wait(lambda: browser.visible("#paper") or browser.visible("mark.active"))
            time.sleep(0.3)
        save(browser, out)


def save(browser: Any, out: Path) -> None:
    browser.run("window.scrollTo(0, 0)")
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_bytes(browser.screenshot())
    browser.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, default=ROOT)
    parser.add_argument("--question", default="日本はジェネシス・ミッションにいくら投資しますか？")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images" / "page.png")
    parser.add_argument("--size", type=int, nargs=2, default=(WIDTH, HEIGHT))
    parser.add_argument("--dark", action="store_true")
    parser.add_argument("--view", choices=sorted(VIEWS), default="", help="instead of an answer")
    options = parser.parse_args()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    program = Path(sys.executable).with_name("genesis-rag")
    server = subprocess.Popen([program, "serve", "--port", str(port), "--home", str(options.home), "--quiet"])
    try:
        wait_for(f"http://127.0.0.1:{port}")
        take(
            f"http://127.0.0.1:{port}",
            options.view,
            options.question,
            options.out,
            *options.size,
            options.dark,
        )
    finally:
        server.terminate()
        server.wait(10)


if __name__ == "__main__":
    main()
