from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest
from support.tiny_model import build_tiny_model

from seedbed.errors import MissingExtraError, install_command
from seedbed.teacher.vllm_engine import load_vllm_teacher

INSTALLED = importlib.util.find_spec("vllm") is not None
WORDS = ["red", "blue", "what", "is", "?", "yes", "no", "a", "b", "c"]

PROGRAM = """
import asyncio, json, sys
from seedbed.teacher.teacher import Message, Request
from seedbed.teacher.vllm_engine import load_vllm_teacher

def asking(text, **settings):
    return Request((Message("user", text),), **{"max_tokens": 8, **settings})

async def main():
    teacher = load_vllm_teacher(sys.argv[1], concurrency=32)
    requests = [asking("red ?", choices=("yes", "no")), asking("red " * 600), asking("red", seed=3, temperature=1.0)]
    answers = await asyncio.gather(*(teacher.complete(request) for request in (*requests, requests[-1])))
    await teacher.close()
    print(json.dumps([[answer.text, answer.finish_reason] for answer in answers]))

if __name__ == "__main__":
    asyncio.run(main())
"""


@pytest.mark.skipif(INSTALLED, reason="vLLM is installed")
def test_without_vllm_the_line_that_installs_it_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingExtraError) as raised:
        load_vllm_teacher(str(tmp_path))
    assert raised.value.hint == install_command("vllm")


@pytest.mark.skipif(not INSTALLED, reason="vLLM is not installed")
def test_the_real_engine_answers(tmp_path: Path) -> None:
    folder = build_tiny_model(tmp_path / "model", words=WORDS, hidden=64)
    script = tmp_path / "ask.py"  # the engine's processes import the main module again
    script.write_text(PROGRAM)
    told = subprocess.run(
        [sys.executable, str(script), str(folder)], capture_output=True, text=True, timeout=300, check=False
    )
    assert told.returncode == 0, told.stderr[-2000:]
    chosen, too_long, sampled, again = json.loads(told.stdout.strip().split("\n")[-1])
    assert chosen[0] in ("yes", "no")
    assert too_long[1] == "refused"
    assert sampled == again
