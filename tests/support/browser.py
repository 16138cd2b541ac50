"""A real browser without a window: what is left of a page when it has loaded."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def loaded_page(page: Path, profile: Path, *options: str, fragment: str = "") -> str:
    """The document as the browser holds it after loading, serialised; the network is not reachable.

    `fragment` is what the address ends in, with its `#` or `?`.
    """
    assert BROWSER is not None
    command = [
        BROWSER,
        *("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"),
        *(
            f"--user-data-dir={profile}",
            "--host-resolver-rules=MAP * ~NOTFOUND",
            "--virtual-time-budget=2000",
        ),
        *options,
        "--dump-dom",
        page.as_uri() + fragment,
    ]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout
