"""Training recipes from YAML: every key known, every value of its type and within its bounds, or a clear refusal."""

from __future__ import annotations

import difflib
import hashlib
import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import MISSING, asdict, dataclass, fields
from pathlib import Path
from typing import Any

from seedbed.bundled_files import bundled_file
from seedbed.errors import ConfigurationError
from seedbed.generation.sample import Stage
from seedbed.taxonomy.plain_yaml import read_plain_yaml
from seedbed_training.planning.recipe import LoraRecipe, PhaseRecipe, ReplayRecipe, TrainingRecipe

STRATEGIES = ("balanced", "uniform", "tempered", "surprise", "none", "joint")
SCOPES = ("every_phase", "same_phase")
SCHEDULES = ("constant", "linear", "cosine", "stable_decay")
PRECISIONS = ("fp32", "bf16")
BATCHINGS = ("packed", "padded")
MATMUL_PRECISIONS = ("highest", "medium")
_PHASE_NAME = re.compile(r"\w[\w .-]{0,63}")


def load_recipe(name: str) -> TrainingRecipe:
    """The recipe at a path (anything that ends in .yaml or .yml), or the one shipped under that name.

    Raises ConfigurationError when there is none, or when its text is no recipe.
    """
    path = Path(name)
    if path.suffix not in {".yaml", ".yml"}:
        path = bundled_file(f"training/recipes/{name}.yaml")
        if not path.is_file():
            shipped = sorted(recipe.stem for recipe in bundled_file("training/recipes").glob("*.yaml"))
            raise ConfigurationError(
                f"there is no training recipe called {name!r}; Seedbed ships {', '.join(shipped)}",
                hint=_did_you_mean(name, shipped) or "give one of these names, or the path of a .yaml file",
            )
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"the training recipe {path} cannot be read: {error}") from error
    return read_recipe(text, source=str(path))


def read_recipe(text: str, *, source: str) -> TrainingRecipe:
    """The recipe that `text` holds; `source` is what messages call it. Raises ConfigurationError."""
    return recipe_from_data(read_plain_yaml(text, source=source), source=source)


def recipe_from_data(data: object, *, source: str) -> TrainingRecipe:
    """The recipe that plain mappings, lists and scalars describe. Raises ConfigurationError."""
    reader = _Reader.over(data, source, "", TrainingRecipe)
    phases = reader.list_of("phases", PhaseRecipe)
    replay = reader.mapping("replay", ReplayRecipe)
    recipe = TrainingRecipe(
        name=reader.text("name"),
        description=reader.text("description"),
        base_model=reader.text("base_model"),
        phases=tuple(_phase(phase) for phase in phases),
        replay=_replay(replay),
        batch_samples=reader.whole("batch_samples", minimum=1),
        micro_batch_tokens=reader.whole("micro_batch_tokens", minimum=1),
        max_tokens=reader.whole("max_tokens", minimum=2),
        schedule=reader.one_of("schedule", SCHEDULES),
        weight_decay=reader.number("weight_decay", minimum=0.0),
        betas=reader.pair("betas"),
        epsilon=reader.number("epsilon", above=0.0),
        gradient_clip=reader.number("gradient_clip", above=0.0),
        divergence_factor=reader.number("divergence_factor", above=1.0),
        divergence_steps=reader.whole("divergence_steps", minimum=1),
        batching=reader.one_of("batching", BATCHINGS),
        precision=reader.one_of("precision", PRECISIONS),
        matmul_precision=reader.one_of("matmul_precision", MATMUL_PRECISIONS),
        compile=reader.flag("compile"),
        activation_checkpointing=reader.flag("activation_checkpointing"),
        lora=_lora(reader),
        checkpoint_steps=reader.whole("checkpoint_steps", minimum=1),
        candidates=reader.whole("candidates", minimum=1),
    )
    _check_phases(recipe, source)
    return recipe


def recipe_digest(recipe: TrainingRecipe) -> str:
    """64 hex digits from every figure of the recipe; comments and the order of keys do not change it."""
    text = json.dumps(recipe_to_data(recipe), sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def recipe_to_data(recipe: TrainingRecipe) -> dict[str, Any]:
    """What `recipe_from_data` reads. Keys that recipes did not always have are there only where they say something,
    so that the digests of older recipes and plans hold."""
    data = asdict(recipe)
    if recipe.candidates == 1:
        del data["candidates"]
    return data


def _phase(reader: _Reader) -> PhaseRecipe:
    return PhaseRecipe(
        name=reader.text("name"),
        stages=reader.stages("stages", at_least_one=True),
        replay_stages=reader.stages("replay_stages", at_least_one=False),
        epochs=reader.number("epochs", above=0.0),
        learning_rate=reader.number("learning_rate", above=0.0),
        warmup_steps=reader.whole("warmup_steps", minimum=0),
        published_samples=reader.whole_or_all("published_samples", minimum=1),
    )


def _replay(reader: _Reader) -> ReplayRecipe:
    replay = ReplayRecipe(
        leaf_share=reader.number("leaf_share", minimum=0.0, below=1.0),
        phase_share=reader.number("phase_share", minimum=0.0, below=1.0),
        minimum_per_leaf=reader.whole("minimum_per_leaf", minimum=0),
        strategy=reader.one_of("strategy", STRATEGIES),
        scope=reader.one_of("scope", SCOPES),
        knowledge_coverage=reader.number("knowledge_coverage", above=0.0, maximum=1.0),
        samples_per_fact=reader.whole_or_all("samples_per_fact", minimum=1),
        skill_exemplars=reader.whole_or_all("skill_exemplars", minimum=1),
    )
    if replay.leaf_share + replay.phase_share >= 1.0:
        raise ConfigurationError(
            f"{reader.source}: replay.leaf_share and replay.phase_share together are "
            f"{replay.leaf_share + replay.phase_share:g}; they are shares of a phase and must leave room for new samples",
            hint="the published range is 0.01 to 0.5 in all",
        )
    return replay


def _lora(reader: _Reader) -> LoraRecipe | None:
    if reader.value("lora") is None:
        return None
    lora = reader.mapping("lora", LoraRecipe)
    return LoraRecipe(
        rank=lora.whole("rank", minimum=1),
        alpha=lora.number("alpha", above=0.0),
        dropout=lora.number("dropout", minimum=0.0, below=1.0),
        targets=lora.texts("targets"),
        keep_adapter=lora.flag("keep_adapter"),
    )


def _check_phases(recipe: TrainingRecipe, source: str) -> None:
    _check_phase_names([phase.name for phase in recipe.phases], source)
    taught: set[Stage] = set()
    for phase in recipe.phases:
        early = [stage for stage in phase.replay_stages if stage not in taught]
        if early:
            raise ConfigurationError(
                f"{source}: phase {phase.name!r} replays {early[0].value}, which no phase before it teaches",
                hint="replay_stages may name only stages of earlier phases",
            )
        taught.update(phase.stages)


def _check_phase_names(names: Sequence[str], source: str) -> None:
    """A phase's name begins the names of its checkpoints' folders."""
    if not names:
        raise ConfigurationError(f"{source}: phases is empty", hint="give at least one phase")
    folded = [name.casefold() for name in names]  # some file systems take capitals for small letters
    for index, name in enumerate(names):
        if not _PHASE_NAME.fullmatch(name):
            raise ConfigurationError(
                f"{source}: phases[{index}].name is {name!r}, which cannot name a folder of checkpoints",
                hint="call it by at most 64 letters, digits, spaces, dots, - and _, a letter or digit first",
            )
        if folded[index] in folded[:index]:
            raise ConfigurationError(
                f"{source}: two phases are called {name!r}", hint="give each phase a name of its own"
            )


@dataclass(frozen=True, slots=True)
class _Reader:
    """One mapping of the file; `place` is its path for messages, such as `phases[1].`."""

    data: Mapping[str, Any]
    source: str
    place: str
    defaults: Mapping[str, Any]

    @classmethod
    def over(cls, data: object, source: str, place: str, kind: type[Any]) -> _Reader:
        """A reader for the keys of the dataclass `kind`; unknown and missing keys are refused here."""
        if not isinstance(data, Mapping):
            raise ConfigurationError(
                f"{source}: {place.rstrip('.') or 'the recipe'} must be a mapping of keys to values, "
                f"but is {_kind_of(data)}"
            )
        known = {entry.name: entry.default for entry in fields(kind)}
        for key in data:
            if key not in known:
                raise ConfigurationError(
                    f"{source}: unknown key {place}{key}",
                    hint=_did_you_mean(str(key), known) or f"known keys here: {', '.join(known)}",
                )
        missing = [key for key, default in known.items() if default is MISSING and key not in data]
        if missing:
            raise ConfigurationError(
                f"{source}: {', '.join(place + key for key in missing)} missing",
                hint="`training/recipes/sandbox.yaml` shows every key with its meaning",
            )
        return cls(data, source, place, known)

    def value(self, key: str) -> Any:
        return self.data.get(key, self.defaults[key])

    def wrong(self, key: str, expected: str) -> ConfigurationError:
        return ConfigurationError(
            f"{self.source}: {self.place}{key} must be {expected}, but is {self.value(key)!r} "
            f"({_kind_of(self.value(key))})"
        )

    def text(self, key: str) -> str:
        value = self.value(key)
        if not isinstance(value, str) or not value.strip():
            raise self.wrong(key, "text")
        return value.strip()

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.value(key)
        if not isinstance(value, list | tuple) or not all(isinstance(part, str) and part for part in value):
            raise self.wrong(key, "a list of texts")
        return tuple(value)

    def flag(self, key: str) -> bool:
        value = self.value(key)
        if not isinstance(value, bool):
            raise self.wrong(key, "true or false")
        return value

    def one_of(self, key: str, choices: Collection[str]) -> str:
        value = self.value(key)
        if value not in choices:
            raise self.wrong(key, " or ".join(choices))
        return str(value)

    def whole(self, key: str, *, minimum: int) -> int:
        value = self.value(key)
        if isinstance(value, bool) or not isinstance(value, int) or value < minimum:
            raise self.wrong(key, f"a whole number of at least {minimum}")
        return value

    def whole_or_all(self, key: str, *, minimum: int) -> int | None:
        """None stands for no bound, and is what a key that was left out, or has no value, gives."""
        return None if self.value(key) is None else self.whole(key, minimum=minimum)

    def number(
        self,
        key: str,
        *,
        minimum: float | None = None,
        above: float | None = None,
        below: float | None = None,
        maximum: float | None = None,
    ) -> float:
        value = self.value(key)
        bounds = [
            f"{word} {bound:g}"
            for word, bound in (
                ("at least", minimum),
                ("above", above),
                ("below", below),
                ("at most", maximum),
            )
            if bound is not None
        ]
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not abs(value) < float("inf")  # NaN too
            or (minimum is not None and value < minimum)
            or (above is not None and value <= above)
            or (below is not None and value >= below)
            or (maximum is not None and value > maximum)
        ):
            raise self.wrong(key, f"a number {' and '.join(bounds)}")
        return float(value)

    def pair(self, key: str) -> tuple[float, float]:
        value = self.value(key)
        if (
            not isinstance(value, list | tuple)
            or len(value) != 2
            or not all(isinstance(part, int | float) and 0 <= part < 1 for part in value)
        ):
            raise self.wrong(key, "a list of two numbers from 0 to below 1")
        return (float(value[0]), float(value[1]))

    def stages(self, key: str, *, at_least_one: bool) -> tuple[Stage, ...]:
        value = self.value(key)
        names = [stage.value for stage in Stage]
        if not isinstance(value, list | tuple) or (at_least_one and not value):
            raise self.wrong(key, f"a list of {', '.join(names)}")
        for stage in value:
            if stage not in names:
                raise ConfigurationError(
                    f"{self.source}: {self.place}{key} holds {stage!r}, which is no stage",
                    hint=_did_you_mean(str(stage), names) or f"stages: {', '.join(names)}",
                )
        return tuple(Stage(stage) for stage in value)

    def mapping(self, key: str, kind: type[Any]) -> _Reader:
        return _Reader.over(self.value(key), self.source, f"{self.place}{key}.", kind)

    def list_of(self, key: str, kind: type[Any]) -> list[_Reader]:
        value = self.value(key)
        if not isinstance(value, list | tuple):
            raise self.wrong(key, "a list")
        return [
            _Reader.over(entry, self.source, f"{self.place}{key}[{index}].", kind)
            for index, entry in enumerate(value)
        ]


def _did_you_mean(word: str, known: Collection[str]) -> str | None:
    close = difflib.get_close_matches(word, list(known), n=1)
    return f"did you mean {close[0]}?" if close else None


def _kind_of(value: object) -> str:
    names: Mapping[type, str] = {
        str: "text",
        bool: "true or false",
        int: "a number",
        float: "a number",
        dict: "a mapping",
    }
    return (
        "nothing"
        if value is None
        else names.get(type(value), "a list" if isinstance(value, list) else "of another kind")
    )
