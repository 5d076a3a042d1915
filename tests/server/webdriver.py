"""A small client of the W3C WebDriver protocol (w3.org/TR/webdriver2), enough to drive a real browser."""

from __future__ import annotations

import base64
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx

_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the protocol's own name for an element reference
ENTER, ESCAPE, TAB = "\ue007", "\ue00c", "\ue004"


class Browser:
    """One headless browser window."""

    def __init__(self, driver: str, arguments: list[str]) -> None:
        self._http = httpx.Client(base_url=driver, timeout=60)
        options = {"args": arguments, "prefs": {"intl.accept_languages": "en"}}
        wanted = {"alwaysMatch": {"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}}
        self._session = f"/session/{self._call('POST', '/session', {'capabilities': wanted})['sessionId']}"

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        response = self._http.request(method, path, json=body)
        value = response.json()["value"]
        if response.status_code >= 400:
            raise AssertionError(f"{path}: {value.get('error')}: {value.get('message', '')[:300]}")
        return value

    def _post(self, path: str, **body: Any) -> Any:
        return self._call("POST", self._session + path, body)

    def go(self, address: str) -> None:
        self._post("/url", url=address)

    def run(self, script: str, *arguments: Any) -> Any:
        """Run the body of a JavaScript function in the page and return its value; a promise is awaited."""
        return self._post("/execute/sync", script=script, args=list(arguments))

    def resize(self, width: int, height: int) -> None:
        self.devtools(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 500
        )

    def devtools(self, command: str, **parameters: Any) -> Any:
        return self._post("/goog/cdp/execute", cmd=command, params=parameters)

    def find(self, selector: str) -> str:
        found = self._post("/element", using="css selector", value=selector)
        return str(found[_ELEMENT])

    def click(self, selector: str) -> None:
        self._post(f"/element/{self.find(selector)}/click")

    def type(self, selector: str, text: str) -> None:
        self._post(f"/element/{self.find(selector)}/value", text=text)

    def text(self, selector: str) -> str:
        return str(self.run("return document.querySelector(arguments[0])?.textContent ?? ''", selector))

    def texts(self, selector: str) -> list[str]:
        return list(self.run("return [...document.querySelectorAll(arguments[0])].map(e => e.textContent)", selector))

    def visible(self, selector: str) -> bool:
        return bool(self.run("return document.querySelector(arguments[0])?.checkVisibility() ?? false", selector))

    def wait(self, condition: Callable[[], Any], seconds: float = 15) -> Any:
        """Return the first true value of ``condition``."""
        end = time.monotonic() + seconds
        while not (value := condition()):
            assert time.monotonic() < end, f"waited in vain; the console says {self.console()}"
            time.sleep(0.03)
        return value

    def console(self) -> list[str]:
        """Return what the page wrote to the console since the last call (violations of its policy too)."""
        return [entry["message"] for entry in self._post("/se/log", type="browser")]

    def screenshot(self) -> bytes:
        return base64.b64decode(self._call("GET", self._session + "/screenshot"))

    def close(self) -> None:
        self._call("DELETE", self._session)
        self._http.close()


@contextmanager
def running_driver(program: str) -> Iterator[str]:
    """Run chromedriver on a free port and yield its address."""
    process = subprocess.Popen([program, "--port=0"], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        for line in process.stdout:
            if "started successfully on port" in line:
                yield f"http://127.0.0.1:{line.rstrip().rstrip('.').rsplit(' ', 1)[1]}"
                break
        else:
            raise AssertionError(f"{program} did not start")
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()
