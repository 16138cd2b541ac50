"""The sections of `seedbed.toml`: each a frozen dataclass, each key one of its fields with its meaning in the metadata.

`seedbed explain config` and the reader both go by these, so they can never disagree.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from seedbed.config.keys import inner, key, table, value
from seedbed.config.values import (
    IgnoredFindings,
    LeafMeasure,
    RatchetedRule,
    RuleSeverity,
    read_ignores,
    read_measures,
    read_ratchet,
    read_severities,
    read_texts,
)

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


@dataclass(frozen=True, slots=True)
class TaxonomySettings:
    """Where the leaves are."""

    root: str = key(
        "taxonomy", "Folder that holds the branches; `.` when they stand at the repository's root."
    )
    default_branch: str | None = key(
        None, "Branch that changes are compared with; found from the remote when left out."
    )
    schema_address: str | None = key(
        None,
        "Address under which the folder `schema` is published, for editors; a new leaf names the repository's own copy "
        "when left out.",
    )


@dataclass(frozen=True, slots=True)
class VllmSettings:
    """How the vLLM engine of this process runs. Names and meanings are vLLM's own; what is left out is its choice."""

    tensor_parallel_size: int | None = key(None, "GPUs that each layer is split over.", minimum=1)
    pipeline_parallel_size: int | None = key(None, "GPUs that the layers are dealt out to.", minimum=1)
    data_parallel_size: int | None = key(None, "Copies of the model, each on GPUs of its own.", minimum=1)
    dtype: str | None = key(
        None,
        "Type of the weights while computing.",
        choices=("auto", "bfloat16", "float16", "half", "float", "float32"),
    )
    quantization: str | None = key(None, "Quantisation of the weights, such as `fp8` or `awq`.")
    gpu_memory_utilization: float | None = key(
        None, "Share of the GPU's memory that the engine takes, 0 to 1.", minimum=0, maximum=1
    )
    kv_cache_memory_bytes: int | None = key(
        None, "Memory for what was read (the KV cache), in bytes, instead of a share.", minimum=1
    )
    max_num_seqs: int | None = key(None, "Answers that are written at a time.", minimum=1)
    max_num_batched_tokens: int | None = key(None, "Tokens that one step computes at most.", minimum=1)
    enforce_eager: bool | None = key(None, "Start sooner, without compiled graphs; slower on a GPU.")
    enable_chunked_prefill: bool | None = key(
        None, "Read long prompts in pieces; off on a CPU, where it does not go with seeds."
    )
    structured_outputs_backend: str = key(
        "xgrammar", "What holds answers to choices and schemas.", choices=("xgrammar", "guidance")
    )
    cpu_cores: str | None = key(
        None, "Cores that a CPU engine computes on, such as `0-7`, or `nobind`; vLLM's choice when left out."
    )


@dataclass(frozen=True, slots=True)
class TeacherSettings:
    """The model that writes and judges samples."""

    backend: str = key(
        "transformers",
        "`transformers` (in this process), `openai` (any OpenAI-compatible server), `vllm` (vLLM in this process) or "
        "`ray` (many vLLM engines on a Ray cluster).",
        choices=("transformers", "openai", "vllm", "ray"),
    )
    model: str = key("sandbox", "Model name or folder; `sandbox` is the small teacher shipped with Seedbed.")
    url: str | tuple[str, ...] | None = value(
        None,
        "Address of the server for `openai`, such as `http://127.0.0.1:8000/v1`; a list when several serve the same model.",
        read=read_texts,
        shape="text, or a list of texts",
    )
    api_key_variable: str | None = key(None, "Name of the environment variable that holds the server's key.")
    concurrency: int | None = key(
        None,
        "Requests in flight at most (on each server); the back end's own choice when left out.",
        minimum=1,
    )
    engines: int = key(1, "Engines that `ray` starts, each with its own copy of the model.", minimum=1)
    max_model_len: int | None = key(None, "Longest prompt and answer together, in tokens.", minimum=1)
    timeout_seconds: int = key(600, "Longest wait for one answer, retries included.", minimum=1)
    prompt_price: float | None = key(None, "Price of a million prompt tokens, in any currency.", minimum=0)
    completion_price: float | None = key(
        None, "Price of a million answer tokens, in any currency.", minimum=0
    )
    hour_price: float | None = key(None, "Price of an hour of the engine, where time is paid for.", minimum=0)
    vllm: VllmSettings = inner(VllmSettings, "How each engine of `vllm` and `ray` runs.")  # noqa: RUF009

    @property
    def urls(self) -> tuple[str, ...]:
        """Every address, whether `url` is one or a list."""
        return (self.url,) if isinstance(self.url, str) else self.url or ()


@dataclass(frozen=True, slots=True)
class GenerationSettings:
    """How samples are made."""

    recipe: str = key(
        "sandbox", "Generation recipe: a name that ships with Seedbed, or the path of a YAML file."
    )
    samples_per_leaf: int | None = key(
        None, "Samples wanted of each leaf; the recipe's own figure when left out.", minimum=1
    )
    seed: int = key(0, "Seed of every random choice.", minimum=0)
    give_up_after: int = key(
        50,
        "Attempts, a leaf's first, after which it is given up if the teacher failed at every one; 0: never.",
        minimum=0,
    )
    across_leaves: str = key(
        "near",
        "Which copies between leaves are left out of training and exports: `near`, `exact` or none (`off`).",
        choices=("near", "exact", "off"),
    )
    embedding_model: str | None = key(
        None,
        "Model that finds copies in other words between leaves: a model2vec or sentence-transformers folder or hub name.",
    )


@dataclass(frozen=True, slots=True)
class DocumentsSettings:
    """Where documents of other repositories may come from."""

    hosts: tuple[str, ...] = key(
        DEFAULT_HOSTS, "Hosts that documents are fetched from, by https; `[]` for none but this repository."
    )


@dataclass(frozen=True, slots=True)
class PreviewSettings:
    """What `seedbed preview` shows."""

    student: str | None = key(
        None,
        "Model whose own answers are shown: `sandbox`, a folder or a hub name; [student] model when left out.",
    )
    most_tokens: int = key(
        1_000_000, "Teacher tokens, prompts and answers, that one preview may use.", minimum=0
    )
    most_seconds: int = key(
        1_800, "Seconds that one preview may ask for, loading of models aside.", minimum=0
    )
    most_cost: float | None = key(
        None, "What one preview may cost, by the prices in [teacher]; no bound when left out.", minimum=0
    )


@dataclass(frozen=True, slots=True)
class StoreSettings:
    """Where samples and the request journal are kept."""

    path: str = key(".seedbed", "Folder, from the repository's root, or a URL such as `s3://bucket/prefix`.")


@dataclass(frozen=True, slots=True)
class CheckSettings:
    """What `seedbed check` asks for. Changes are checked with those of their base."""

    licences: tuple[str, ...] = key(
        _PERMISSIVE_LICENCES, "SPDX ids of the licences a leaf's sources may have."
    )
    documentation_url: str | None = key(None, "Address that findings link to; the rule's code is appended.")
    profanity: tuple[str, ...] | None = key(
        None, "Words reported as profanity (SB317); a short English list when left out, `[]` for none."
    )
    benchmarks: tuple[str, ...] = key(
        (),
        "Files in this repository that list benchmark questions (SB504): one on each line, or JSON lines with a "
        "`question`.",
    )
    severity: tuple[RuleSeverity, ...] = table(
        "How serious a rule is here: `error`, `warning`, `hint` or `off`, by its code.",
        read=read_severities,
        shape="a table: code to severity",
    )
    ratchet: tuple[RatchetedRule, ...] = table(
        "Rules being tightened: what a change introduces fails, what was there never does. Code to reason.",
        read=read_ratchet,
        shape="a table: code to reason",
    )
    ignore: tuple[IgnoredFindings, ...] = table(
        "Findings that are not reported: `rules`, `paths` (with `*`) and a `reason`.",
        read=read_ignores,
        shape="a list of tables",
    )


@dataclass(frozen=True, slots=True)
class ReleasesSettings:
    """Where releases are recorded."""

    path: str = key("releases", "Folder of the release manifests, from the repository's root.")


@dataclass(frozen=True, slots=True)
class StudentSettings:
    """The model being trained."""

    model: str = key("sandbox", "Base model of the first release: `sandbox`, a folder, or a hub name.")


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """How releases are trained."""

    recipe: str = key(
        "sandbox", "Training recipe: a name that ships with Seedbed, or the path of a YAML file."
    )


@dataclass(frozen=True, slots=True)
class EvaluationSettings:
    """How releases are scored, and what the gate holds them to."""

    judge: str | None = key(
        None,
        "Who grades leaves with long answers, as `--teacher` names it, such as `openai:http://127.0.0.1:8000/v1#NAME`; "
        "`teacher` is [teacher]. Left out, long answers are compared word by word.",
    )
    judge_api_key_variable: str | None = key(
        None,
        "Name of the environment variable that holds the key of the judge's server; [teacher]'s own server has its own.",
    )
    measures: tuple[LeafMeasure, ...] = table(
        "How some leaves are scored, by name (with `*`), the first that matches: `words` (as if there were no judge), "
        "`exact`, `f1`, `likelihood` or `judge`.",
        read=read_measures,
        shape="a table: leaf to measure",
    )
    maximum_drop: float = key(
        0.05,
        "How far an old leaf, and the mean over them, may fall below the parent release, 0 to 1.",
        minimum=0,
        maximum=1,
    )
    minimum_score: float = key(0.5, "What each fresh leaf must reach, 0 to 1.", minimum=0, maximum=1)


@dataclass(frozen=True, slots=True)
class PullRequestsSettings:
    """How long pull requests wait, for `seedbed publish --idle`."""

    remind_after_days: int = key(14, "Days without a word until whoever has to act is reminded.", minimum=1)
    close_after_days: int = key(
        45,
        "Days without a word until a pull request that waits for its author is closed, after a reminder; 0 for never.",
        minimum=0,
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
    evaluation: EvaluationSettings = field(default_factory=EvaluationSettings)
    pull_requests: PullRequestsSettings = field(default_factory=PullRequestsSettings)


SECTIONS = {
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
    "evaluation": EvaluationSettings,
    "pull_requests": PullRequestsSettings,
}
