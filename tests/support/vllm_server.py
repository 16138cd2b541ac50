"""`vllm serve` on a free port, as a person would start it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

START_SECONDS = 400


@contextmanager
def vllm_server(folder: Path, log: Path, *, name: str, context: int = 512) -> Iterator[str]:
    """The address of a server of the model in `folder` under `name`; its output goes to `log`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    arguments = f"serve {folder} --host 127.0.0.1 --port {port} --served-model-name {name} --dtype float32"
    options = (
        f"--max-model-len {context} --enforce-eager --seed 0 --max-num-seqs 64 --no-enable-chunked-prefill "
        "--structured-outputs-config.backend xgrammar --structured-outputs-config.disable_any_whitespace true"
    )
    settings = {"VLLM_CPU_KVCACHE_SPACE": "1", "VLLM_NO_USAGE_STATS": "1", "HF_HUB_OFFLINE": "1"}
    with log.open("wb") as output:
        server = subprocess.Popen(
            [Path(sys.executable).parent / "vllm", *arguments.split(), *options.split()],
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **settings},
            start_new_session=True,
        )
        try:
            _wait(server, f"http://127.0.0.1:{port}/health", log)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            server.terminate()
            try:
                server.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(server.pid, signal.SIGKILL)
                server.wait()


def _wait(server: subprocess.Popen[bytes], address: str, log: Path) -> None:
    for _ in range(START_SECONDS * 2):
        if server.poll() is not None:
            raise AssertionError(f"vllm serve ended with {server.returncode}:\n{log.read_text()[-3000:]}")
        try:
            urllib.request.urlopen(address, timeout=5).close()
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.5)
    raise AssertionError(f"vllm serve is not ready after {START_SECONDS} s:\n{log.read_text()[-3000:]}")
