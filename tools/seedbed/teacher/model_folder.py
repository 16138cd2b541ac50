"""A model on disk: where it lies, and the digest that says which model it is."""

from __future__ import annotations

import hashlib
from pathlib import Path

from seedbed.errors import MissingExtraError, TeacherError

MODEL_FILES = (
    "*.safetensors",
    "*.safetensors.index.json",
    "config.json",
    "generation_config.json",
    "tokenizer*",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab*",
    "merges.txt",
    "*.model",
    "chat_template*",
)
"""What determines a model's answers: weights, configuration, tokenizer and chat template; never a pickle."""


def model_folder(model: str) -> Path:
    """The folder of a model: a local one as it is, a hub name by download (or from the hub's cache).

    Raises TeacherError when there is no such folder or name, or when it holds no safetensors weights.
    """
    folder = Path(model).expanduser()
    if not folder.is_dir():
        if model.startswith(("/", ".", "~")) or model.count("/") != 1:
            raise TeacherError(
                f"there is no model folder {model!r}", hint="name a folder with config.json and *.safetensors"
            )
        folder = _downloaded(model)
    if not (folder / "config.json").is_file() or not any(folder.glob("*.safetensors")):
        raise TeacherError(
            f"{model!r} is not a model in the transformers format: config.json and *.safetensors were expected",
            hint="save it with `save_pretrained`; weights in other formats are never loaded",
        )
    return folder


def spoken_name(model: str, folder: Path) -> str:
    """A model's name as a person would say it: its hub name, or the name of its folder without the path to it."""
    return folder.resolve().name if Path(model).expanduser().is_dir() else model


def model_revision(folder: Path) -> str:
    """The first 40 hex digits of the sha256 over names, sizes and contents of `MODEL_FILES`."""
    digest = hashlib.sha256()
    for path in sorted({path for pattern in MODEL_FILES for path in folder.glob(pattern) if path.is_file()}):
        digest.update(f"{path.name}\0{path.stat().st_size}\0".encode())
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()[:40]


def _downloaded(name: str) -> Path:
    try:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError
    except ImportError as error:
        raise MissingExtraError("a transformers teacher", "train", "huggingface_hub") from error
    try:
        return Path(snapshot_download(name, allow_patterns=list(MODEL_FILES)))
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError, ValueError) as error:
        raise TeacherError(
            f"the model {name!r} is neither a folder here nor could it be fetched from the hub: {error}",
            hint="check the name and the network, or download it first and name its folder",
        ) from error
