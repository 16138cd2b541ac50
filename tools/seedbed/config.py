"""`seedbed.toml`: what a repository decides once for everyone who runs Seedbed in it.

Each section is a frozen dataclass here, each key one of its fields with its meaning in the field's metadata, so that
`seedbed explain config` and the reader can never disagree. A key or section that is not here is refused.
"""

from __future__ import annotations

import difflib
import math
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from pathlib import Path, PurePosixPath
from typing import Any, get_args, get_origin, get_type_hints

from seedbed.errors import ConfigurationError

FILE_NAME = "seedbed.toml"

_PERMISSIVE_LICENCES = (
    "Apache-2.0",
    "MIT",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "CC0-1.0",
    "CC-BY-4.0",
    "CC-BY-SA-3.0",
    "CC-BY-SA-4.0",
    "CDLA-Permissive-1.0",
    "CDLA-Permissive-2.0",
    "LicenseRef-Public-Domain",
)

DEFAULT_HOSTS = ("github.com", "gitlab.com", "codeberg.org", "bitbucket.org", "git.sr.ht", "huggingface.co")
"""Well-known public hosts of git repositories."""


def _key(
    default: Any,
    help: str,
    *,
    choices: tuple[str, ...] = (),
    minimum: int | None = None,
    maximum: int | None = None,
) -> Any:
    metadata = {"help": help, "choices": choices, "minimum": minimum, "maximum": maximum}
    return field(default=default, metadata=metadata)


def _value(default: Any, help: str, *, read: Callable[[str, object, str], Any], shape: str) -> Any:
    """A key that may be given in more than one form; `read` makes its value of (name, value, source)."""
    return field(default=default, metadata={"help": help, "read": read, "shape": shape})


def _read_texts(name: str, value: object, source: str) -> str | tuple[str, ...]:
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) and text for text in texts):
        raise ConfigurationError(
            f"{source}: {name} is {value!r}; expected text, or a list of texts",
            hint=f'{name.split(".")[-1]} = "…"',
        )
    return value if isinstance(value, str) else tuple(texts)


def _table(help: str, *, read: Callable[[str, object, str], Any], shape: str) -> Any:
    """A key whose value is a table or a list of tables; `read` makes it of (name, value, source)."""
    return field(default=(), metadata={"help": help, "read": read, "shape": shape})


def _inner(kind: type[Any], help: str) -> Any:
    """A key that is a section of its own, written as `[outer.inner]`; `kind` describes it."""

    def read(name: str, value: object, source: str) -> Any:
        if not isinstance(value, dict):
            raise ConfigurationError(
                f"{source}: {name} is a section, not a value", hint=f"write [{name}] on its own line"
            )
        return _read_section(name, kind, value, source)

    return field(
        default_factory=kind, metadata={"help": help, "read": read, "shape": "a section", "inner": kind}
    )


@dataclass(frozen=True, slots=True)
class TaxonomySettings:
    """Where the leaves are."""

    root: str = _key(
        "taxonomy", "Folder that holds the branches; `.` when they stand at the repository's root."
    )
    default_branch: str | None = _key(
        None, "Branch that changes are compared with; found from the remote when left out."
    )
    schema_address: str | None = _key(
        None,
        "Address under which the folder `schema` is published, for editors; a new leaf names the repository's own copy "
        "when left out.",
    )


@dataclass(frozen=True, slots=True)
class VllmSettings:
    """How the vLLM engine of this process runs. Names and meanings are vLLM's own; what is left out is its choice."""

    tensor_parallel_size: int | None = _key(None, "GPUs that each layer is split over.", minimum=1)
    pipeline_parallel_size: int | None = _key(None, "GPUs that the layers are dealt out to.", minimum=1)
    data_parallel_size: int | None = _key(None, "Copies of the model, each on GPUs of its own.", minimum=1)
    dtype: str | None = _key(
        None,
        "Type of the weights while computing.",
        choices=("auto", "bfloat16", "float16", "half", "float", "float32"),
    )
    quantization: str | None = _key(None, "Quantisation of the weights, such as `fp8` or `awq`.")
    gpu_memory_utilization: float | None = _key(
        None, "Share of the GPU's memory that the engine takes, 0 to 1.", minimum=0, maximum=1
    )
    kv_cache_memory_bytes: int | None = _key(
        None, "Memory for what was read (the KV cache), in bytes, instead of a share.", minimum=1
    )
    max_num_seqs: int | None = _key(None, "Answers that are written at a time.", minimum=1)
    max_num_batched_tokens: int | None = _key(None, "Tokens that one step computes at most.", minimum=1)
    enforce_eager: bool | None = _key(None, "Start sooner, without compiled graphs; slower on a GPU.")
    enable_chunked_prefill: bool | None = _key(
        None, "Read long prompts in pieces; off on a CPU, where it does not go with seeds."
    )
    structured_outputs_backend: str = _key(
        "xgrammar", "What holds answers to choices and schemas.", choices=("xgrammar", "guidance")
    )
    cpu_cores: str | None = _key(
        None, "Cores that a CPU engine computes on, such as `0-7`, or `nobind`; vLLM's choice when left out."
    )


@dataclass(frozen=True, slots=True)
class TeacherSettings:
    """The model that writes and judges samples."""

    backend: str = _key(
        "transformers",
        "`transformers` (in this process), `openai` (any OpenAI-compatible server), `vllm` (vLLM in this process) or "
        "`ray` (many vLLM engines on a Ray cluster).",
        choices=("transformers", "openai", "vllm", "ray"),
    )
    model: str = _key("sandbox", "Model name or folder; `sandbox` is the small teacher shipped with Seedbed.")
    url: str | tuple[str, ...] | None = _value(
        None,
        "Address of the server for `openai`, such as `http://127.0.0.1:8000/v1`; a list when several serve the same model.",
        read=_read_texts,
        shape="text, or a list of texts",
    )
    api_key_variable: str | None = _key(None, "Name of the environment variable that holds the server's key.")
    concurrency: int | None = _key(
        None,
        "Requests in flight at most (on each server); the back end's own choice when left out.",
        minimum=1,
    )
    engines: int = _key(1, "Engines that `ray` starts, each with its own copy of the model.", minimum=1)
    max_model_len: int | None = _key(None, "Longest prompt and answer together, in tokens.", minimum=1)
    timeout_seconds: int = _key(600, "Longest wait for one answer, retries included.", minimum=1)
    prompt_price: float | None = _key(None, "Price of a million prompt tokens, in any currency.", minimum=0)
    completion_price: float | None = _key(
        None, "Price of a million answer tokens, in any currency.", minimum=0
    )
    hour_price: float | None = _key(
        None, "Price of an hour of the engine, where time is paid for.", minimum=0
    )
    vllm: VllmSettings = _inner(VllmSettings, "How each engine of `vllm` and `ray` runs.")  # noqa: RUF009

    @property
    def urls(self) -> tuple[str, ...]:
        """Every address, whether `url` is one or a list."""
        return (self.url,) if isinstance(self.url, str) else self.url or ()


@dataclass(frozen=True, slots=True)
class GenerationSettings:
    """How samples are made."""

    recipe: str = _key(
        "sandbox", "Generation recipe: a name that ships with Seedbed, or the path of a YAML file."
    )
    samples_per_leaf: int | None = _key(
        None, "Samples wanted of each leaf; the recipe's own figure when left out.", minimum=1
    )
    seed: int = _key(0, "Seed of every random choice.", minimum=0)
    across_leaves: str = _key(
        "near",
        "Which copies between leaves are left out of training and exports: `near`, `exact` or none (`off`).",
        choices=("near", "exact", "off"),
    )
    embedding_model: str | None = _key(
        None,
        "Model that finds copies in other words between leaves: a model2vec or sentence-transformers folder or hub name.",
    )


@dataclass(frozen=True, slots=True)
class DocumentsSettings:
    """Where documents of other repositories may come from."""

    hosts: tuple[str, ...] = _key(
        DEFAULT_HOSTS, "Hosts that documents are fetched from, by https; `[]` for none but this repository."
    )


@dataclass(frozen=True, slots=True)
class PreviewSettings:
    """What `seedbed preview` shows."""

    student: str | None = _key(
        None,
        "Model whose own answers are shown: `sandbox`, a folder or a hub name; [student] model when left out.",
    )


@dataclass(frozen=True, slots=True)
class StoreSettings:
    """Where samples and the request journal are kept."""

    path: str = _key(".seedbed", "Folder, from the repository's root, or a URL such as `s3://bucket/prefix`.")


@dataclass(frozen=True, slots=True)
class RuleSeverity:
    """How serious this repository takes a rule: `error`, `warning`, `hint`, or `off`."""

    code: str
    severity: str


@dataclass(frozen=True, slots=True)
class RatchetedRule:
    """A rule that is being tightened: what is new fails, what was there never does."""

    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class IgnoredFindings:
    """Findings of some rules that are not reported in files whose path matches one of `paths`."""

    rules: tuple[str, ...]
    paths: tuple[str, ...]
    reason: str


SEVERITIES = ("error", "warning", "hint", "off")


def _read_severities(name: str, value: object, source: str) -> tuple[RuleSeverity, ...]:
    for code, severity in _pairs(name, value, source, 'SB203 = "error"').items():
        if severity not in SEVERITIES:
            raise _unknown(f"{name}.{code} = {severity!r}", severity, SEVERITIES, source, "choices")
    return tuple(RuleSeverity(code, severity) for code, severity in _pairs(name, value, source, "").items())


def _read_ratchet(name: str, value: object, source: str) -> tuple[RatchetedRule, ...]:
    pairs = _pairs(name, value, source, 'SB203 = "since 2026-11: names in lower case"')
    return tuple(RatchetedRule(code, reason) for code, reason in pairs.items())


def _read_ignores(name: str, value: object, source: str) -> tuple[IgnoredFindings, ...]:
    example = 'write [[check.ignore]] with rules = ["SB203"], paths = ["taxonomy/old/*"] and reason = "…"'
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise ConfigurationError(f"{source}: {name} is {value!r}; expected a list of tables", hint=example)
    return tuple(_read_ignore(f"{name}[{n}]", item, source, example) for n, item in enumerate(value))


def _read_ignore(name: str, item: Mapping[str, object], source: str, example: str) -> IgnoredFindings:
    known = [wanted.name for wanted in fields(IgnoredFindings)]
    for key in item:
        if key not in known:
            raise _unknown(f"{name}.{key}", key, known, source, "keys")
    rules, paths, reason = (item.get(key) for key in known)
    if not isinstance(reason, str) or not reason.strip():
        raise ConfigurationError(f"{source}: {name} gives no reason; each ignore needs one", hint=example)
    for key, texts in (("rules", rules), ("paths", paths)):
        if not isinstance(texts, list) or not texts or not all(isinstance(text, str) for text in texts):
            raise ConfigurationError(
                f"{source}: {name}.{key} is {texts!r}; expected a list of texts", hint=example
            )
    assert isinstance(rules, list) and isinstance(paths, list)
    return IgnoredFindings(tuple(rules), tuple(paths), reason)


def _pairs(name: str, value: object, source: str, example: str) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(text, str) and text for text in value.values()):
        raise ConfigurationError(
            f"{source}: {name} is {value!r}; expected a table of texts",
            hint=f"write [{name}] and below it {example}",
        )
    return value


@dataclass(frozen=True, slots=True)
class CheckSettings:
    """What `seedbed check` asks for. Changes are checked with those of their base."""

    licences: tuple[str, ...] = _key(
        _PERMISSIVE_LICENCES, "SPDX ids of the licences a leaf's sources may have."
    )
    documentation_url: str | None = _key(None, "Address that findings link to; the rule's code is appended.")
    profanity: tuple[str, ...] | None = _key(
        None, "Words reported as profanity (SB317); a short English list when left out, `[]` for none."
    )
    benchmarks: tuple[str, ...] = _key(
        (),
        "Files in this repository that list benchmark questions (SB504): one on each line, or JSON lines with a "
        "`question`.",
    )
    severity: tuple[RuleSeverity, ...] = _table(
        "How serious a rule is here: `error`, `warning`, `hint` or `off`, by its code.",
        read=_read_severities,
        shape="a table: code to severity",
    )
    ratchet: tuple[RatchetedRule, ...] = _table(
        "Rules being tightened: what a change introduces fails, what was there never does. Code to reason.",
        read=_read_ratchet,
        shape="a table: code to reason",
    )
    ignore: tuple[IgnoredFindings, ...] = _table(
        "Findings that are not reported: `rules`, `paths` (with `*`) and a `reason`.",
        read=_read_ignores,
        shape="a list of tables",
    )


@dataclass(frozen=True, slots=True)
class ReleasesSettings:
    """Where releases are recorded."""

    path: str = _key("releases", "Folder of the release manifests, from the repository's root.")


@dataclass(frozen=True, slots=True)
class StudentSettings:
    """The model being trained."""

    model: str = _key("sandbox", "Base model of the first release: `sandbox`, a folder, or a hub name.")


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """How releases are trained."""

    recipe: str = _key(
        "sandbox", "Training recipe: a name that ships with Seedbed, or the path of a YAML file."
    )


@dataclass(frozen=True, slots=True)
class Settings:
    """All of `seedbed.toml`; every key has a default."""

    taxonomy: TaxonomySettings = field(default_factory=TaxonomySettings)
    teacher: TeacherSettings = field(default_factory=TeacherSettings)
    generation: GenerationSettings = field(default_factory=GenerationSettings)
    preview: PreviewSettings = field(default_factory=PreviewSettings)
    documents: DocumentsSettings = field(default_factory=DocumentsSettings)
    store: StoreSettings = field(default_factory=StoreSettings)
    check: CheckSettings = field(default_factory=CheckSettings)
    releases: ReleasesSettings = field(default_factory=ReleasesSettings)
    student: StudentSettings = field(default_factory=StudentSettings)
    training: TrainingSettings = field(default_factory=TrainingSettings)


@dataclass(frozen=True, slots=True)
class SettingDescription:
    """One key of `seedbed.toml`, for people."""

    section: str
    key: str
    type: str  # text, a whole number, a list of texts
    default: object  # None: decided elsewhere, as `help` says
    help: str


_SECTIONS: Mapping[str, type[Any]] = {
    "taxonomy": TaxonomySettings,
    "teacher": TeacherSettings,
    "generation": GenerationSettings,
    "preview": PreviewSettings,
    "documents": DocumentsSettings,
    "store": StoreSettings,
    "check": CheckSettings,
    "releases": ReleasesSettings,
    "student": StudentSettings,
    "training": TrainingSettings,
}

_TYPE_NAMES = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    tuple: "a list of texts",
}


def load_settings(root: Path) -> Settings:
    """The settings of the repository whose working tree begins at `root`; without the file, all defaults."""
    path = root / FILE_NAME
    try:
        text = path.read_text(encoding="utf-8") if path.exists() else None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"{path} cannot be read: {error}", hint="save it as a readable UTF-8 file"
        ) from error
    return read_settings(text, source=str(path))


def read_settings(text: str | None, *, source: str) -> Settings:
    """The settings that `text` holds (None: all defaults). `source` names the file in messages.

    Raises ConfigurationError for TOML that cannot be read, an unknown section or key, and a value of a wrong type.
    """
    if text is None:
        return Settings()
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{source} is not TOML: {error}", hint="text values need quotes") from error
    sections: dict[str, Any] = {}
    for name, values in data.items():
        if name not in _SECTIONS:
            raise _unknown(
                f"[{name}]" if isinstance(values, dict) else name, name, list(_SECTIONS), source, "sections"
            )
        if not isinstance(values, dict):
            raise ConfigurationError(
                f"{source}: {name} is a section, not a value", hint=f"write [{name}] on its own line"
            )
        sections[name] = _read_section(name, _SECTIONS[name], values, source)
    settings = Settings(**sections)
    root = PurePosixPath(settings.taxonomy.root)
    if root.is_absolute() or ".." in root.parts:
        raise ConfigurationError(
            f"{source}: taxonomy.root is {str(root)!r}, which leads out of the repository",
            hint='name a folder from the repository\'s root, such as root = "taxonomy"',
        )
    return settings


def describe_settings() -> Iterator[SettingDescription]:
    """Every key, in the order in which the sections are declared."""
    for section, kind in _SECTIONS.items():
        yield from _describe(section, kind)


def _describe(section: str, kind: type[Any]) -> Iterator[SettingDescription]:
    inner = [item for item in fields(kind) if "inner" in item.metadata]
    for item in fields(kind):
        if item not in inner:
            shape = item.metadata.get("shape")
            default = None if item.default is MISSING or shape else item.default
            type_name = shape or _TYPE_NAMES[_type_of(kind, item)]
            yield SettingDescription(section, item.name, type_name, default, item.metadata["help"])
    for item in inner:
        yield from _describe(f"{section}.{item.name}", item.metadata["inner"])


def _read_section(name: str, kind: type[Any], values: Mapping[str, Any], source: str) -> Any:
    known = {item.name: item for item in fields(kind)}
    given: dict[str, Any] = {}
    for key, value in values.items():
        if key not in known:
            raise _unknown(f"{name}.{key}", key, list(known), source, "keys")
        read = known[key].metadata.get("read")
        if read is not None:
            given[key] = read(f"{name}.{key}", value, source)
        else:
            given[key] = _read_value(f"{name}.{key}", value, _type_of(kind, known[key]), known[key], source)
    return kind(**given)


def _type_of(kind: type[Any], item: Field[Any]) -> type[Any]:
    """`str`, `int`, `float`, `bool` or `tuple`: the declared type of a field without its `| None`."""
    hint: type[Any] = get_type_hints(kind)[item.name]
    if get_origin(hint) is not tuple:
        plain = [argument for argument in get_args(hint) if argument is not type(None)]
        hint = plain[0] if plain else hint
    return tuple if get_origin(hint) is tuple else hint


def _read_value(name: str, value: object, wanted: type[Any], item: Field[Any], source: str) -> Any:
    if wanted is tuple and isinstance(value, list) and all(isinstance(part, str) for part in value):
        return tuple(value)
    if wanted is float and type(value) is int:
        value = float(value)
    endless = isinstance(value, float) and not math.isfinite(value)
    if not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool) or endless:
        raise ConfigurationError(
            f"{source}: {name} is {value!r}; expected {_TYPE_NAMES[wanted]}", hint=item.metadata["help"]
        )
    choices, minimum, maximum = (item.metadata[key] for key in ("choices", "minimum", "maximum"))
    if choices and value not in choices:
        raise _unknown(f"{name} = {value!r}", value, choices, source, "choices")
    if minimum is not None and value < minimum:
        raise ConfigurationError(
            f"{source}: {name} is {value}; expected at least {minimum}", hint=item.metadata["help"]
        )
    if maximum is not None and value > maximum:
        raise ConfigurationError(
            f"{source}: {name} is {value}; expected at most {maximum}", hint=item.metadata["help"]
        )
    if value == "" and wanted is str:
        raise ConfigurationError(f"{source}: {name} is empty", hint=item.metadata["help"])
    return value


def _unknown(
    shown: str, word: str, known: list[str] | tuple[str, ...], source: str, noun: str
) -> ConfigurationError:
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    guess = f"; did you mean {near[0]}?" if near else ""
    return ConfigurationError(f"{source}: there is no {shown}{guess}", hint=f"{noun}: {', '.join(known)}")
