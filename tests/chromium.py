"""A headless Chromium, driven over chromedriver's HTTP protocol."""
from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any, Dict, Optional, Sequence, Union

import pytest

CHROMIUM = shutil.which('chromium') or shutil.which('chromium-browser') or shutil.which('google-chrome')
needs_chromium = pytest.mark.skipif(not (CHROMIUM and shutil.which('chromedriver')),
                                    reason='no chromium and chromedriver on PATH')
_FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
          '--disable-component-update', '--disable-background-networking', '--disable-sync', '--window-size=1280,900']
_ELEMENT = 'element-6066-11e4-a52e-4f735466cecf'  # the key of an element's id, fixed by the WebDriver standard


class Browser:
    """One window, with a profile of its own that is removed at the end."""

    def __enter__(self) -> Browser:
        self._profile = tempfile.TemporaryDirectory()
        self._driver = subprocess.Popen(['chromedriver', '--port=0'], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        found = None
        while not found:
            line = self._driver.stdout.readline().decode()
            assert line, 'chromedriver ended early'
            found = re.search(r'started successfully on port (\d+)', line)
        self._base = f'http://127.0.0.1:{found.group(1)}'
        options = {'binary': CHROMIUM, 'args': _FLAGS + ['--user-data-dir=' + self._profile.name]}
        session = self._ask('POST', '/session', {'capabilities': {'alwaysMatch': {'goog:chromeOptions': options}}})
        self._base += '/session/' + session['sessionId']
        return self

    def __exit__(self, *exception: Any) -> None:
        try:
            self._ask('DELETE', '')
        finally:
            self._driver.terminate()
            self._driver.wait()
            self._driver.stdout.close()
            self._profile.cleanup()

    def open(self, page: Union[Path, str]) -> None:
        """Load a file, or an address."""
        self._ask('POST', '/url', {'url': page if isinstance(page, str) else page.resolve().as_uri()})

    def run(self, script: str) -> Any:
        """The value that a script returns."""
        return self._ask('POST', '/execute/sync', {'script': script, 'args': []})

    def keys(self, selector: str, text: str) -> None:
        """Type into an element."""
        element = self._ask('POST', '/element', {'using': 'css selector', 'value': selector})[_ELEMENT]
        self._ask('POST', f'/element/{element}/value', {'text': text})

    def choose_files(self, selector: str, paths: Sequence[Path]) -> None:
        """Choose files in an <input type=file>."""
        self.keys(selector, '\n'.join(str(path.resolve()) for path in paths))

    def wait_for(self, script: str, seconds: float = 60.0) -> Any:
        """The first value of a script that is true."""
        end = time.monotonic() + seconds
        while True:
            value = self.run(script)
            if value:
                return value
            assert time.monotonic() < end, f'not within {seconds} s: {script}'
            time.sleep(0.1)

    def resize(self, width: int, height: int) -> None:
        """Show the page as a screen of this size does."""
        self._ask('POST', '/goog/cdp/execute', {'cmd': 'Emulation.setDeviceMetricsOverride', 'params': {
            'width': width, 'height': height, 'deviceScaleFactor': 1, 'mobile': width < 600}})

    def screenshot(self, path: Path) -> None:
        """The whole page as PNG."""
        found = self._ask('POST', '/goog/cdp/execute', {'cmd': 'Page.captureScreenshot', 'params': {
            'captureBeyondViewport': True}})
        path.write_bytes(base64.b64decode(found['data']))

    def click(self, selector: str) -> None:
        """Click an element where it is shown."""
        element = self._ask('POST', '/element', {'using': 'css selector', 'value': selector})[_ELEMENT]
        self._ask('POST', f'/element/{element}/click', {})

    def _ask(self, method: str, path: str, body: Optional[Dict[str, Any]] = None) -> Any:
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self._base + path, data, {'Content-Type': 'application/json'}, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read().decode())['value']
