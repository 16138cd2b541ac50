"""Training a sandbox model from scratch on conversations that are drawn as they are needed.

Every batch follows from the seed and its number alone, so an interrupted run continues from its last checkpoint to
the same weights as an unbroken one.

Shapes: B conversations, T tokens, V words.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from seedbed_training.sandbox.roles import Conversation
from seedbed_training.sandbox.tokenizer import ASSISTANT, END, PAD, USER

Draw = Callable[[Random, int], Conversation]
"""Draws a conversation; the number is the step it is for, so that a curriculum can begin with something easier."""

_BATCHES_PER_GROUP = 8  # drawn together and sorted by length, so that little is spent on padding


@dataclass(frozen=True, slots=True)
class PretrainingRecipe:
    """How a sandbox model is made."""

    hidden: int = 128
    layers: int = 4
    heads: int = 4
    intermediate: int = 352
    steps: int = 4_000
    batch: int = 128  # conversations
    learning_rate: float = 2e-3
    warmup_steps: int = 200
    decay_share: float = 0.4  # last part of the run, over which the rate falls to 0 in a straight line
    weight_decay: float = 0.05
    prompt_loss: float = 0.1  # weight of a user's token, against 1 / √length for each token of a reply
    seed: int = 7


def new_model(recipe: PretrainingRecipe, tokenizer: PreTrainedTokenizerFast) -> LlamaForCausalLM:
    """A Llama with random weights; the embedding serves as the output head too."""
    torch.manual_seed(recipe.seed)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=recipe.hidden,
        intermediate_size=recipe.intermediate,
        num_hidden_layers=recipe.layers,
        num_attention_heads=recipe.heads,
        num_key_value_heads=recipe.heads,
        max_position_embeddings=512,
        tie_word_embeddings=True,
        initializer_range=0.05,
        pad_token_id=PAD,
        bos_token_id=None,
        eos_token_id=END,
    )
    return LlamaForCausalLM(config)  # type: ignore[no-untyped-call] # transformers leaves it bare


def encode(conversation: Conversation) -> str:
    """The chat template's rendering, written out: a thousand times quicker than rendering a template."""
    return "".join(
        f"{'<|assistant|>' if role == 'assistant' else '<|user|>'}{content}<|end|>"
        for role, content in conversation
    )


def loss_weights(ids_BT: np.ndarray, prompt_loss: float) -> np.ndarray:
    """How much each token counts as a target, (B, T): replies 1 / √length a token, prompts `prompt_loss`, padding 0."""
    weights_BT = np.where(ids_BT == PAD, 0.0, prompt_loss).astype(np.float32)
    for row, ids_T in enumerate(ids_BT):
        for start in np.flatnonzero(ids_T == ASSISTANT):
            end = start + 1 + int(np.argmax(ids_T[start + 1 :] == END))
            weights_BT[row, start + 1 : end + 1] = (end - start) ** -0.5
    weights_BT[(ids_BT == ASSISTANT) | (ids_BT == USER)] = 0.0
    return weights_BT


def _batches(
    draw: Draw, tokenizer: PreTrainedTokenizerFast, recipe: PretrainingRecipe, first_step: int
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """(ids, weights), each (B, T), from `first_step` on."""
    for group in range(first_step // _BATCHES_PER_GROUP, -(-recipe.steps // _BATCHES_PER_GROUP)):
        random = Random(f"{recipe.seed}:{group}")
        step = group * _BATCHES_PER_GROUP
        texts = [encode(draw(random, step)) for _ in range(recipe.batch * _BATCHES_PER_GROUP)]
        rows = sorted(
            (
                encoding.ids
                for encoding in tokenizer.backend_tokenizer.encode_batch_fast(texts, add_special_tokens=False)
            ),
            key=len,
        )
        batches = [
            rows[index * recipe.batch : (index + 1) * recipe.batch] for index in range(_BATCHES_PER_GROUP)
        ]
        random.shuffle(batches)
        skipped = max(first_step - group * _BATCHES_PER_GROUP, 0)
        for batch in batches[skipped:]:
            ids_BT = np.full((len(batch), max(map(len, batch))), PAD)
            for row, ids in enumerate(batch):
                ids_BT[row, : len(ids)] = ids
            yield torch.from_numpy(ids_BT), torch.from_numpy(loss_weights(ids_BT, recipe.prompt_loss))


def rate_at(recipe: PretrainingRecipe, step: int) -> float:
    """Learning rate at a step: linear warm-up, constant, linear decay to 0."""
    left = (recipe.steps - step) / (recipe.decay_share * recipe.steps)
    return recipe.learning_rate * min(1.0, (step + 1) / recipe.warmup_steps, left)


def pretrain(
    draw: Draw,
    tokenizer: PreTrainedTokenizerFast,
    recipe: PretrainingRecipe,
    directory: Path,
    *,
    checkpoint_steps: int = 500,
    report: Callable[[str], None] = print,
    probe: Callable[[LlamaForCausalLM, int], str] | None = None,
) -> LlamaForCausalLM:
    """Train to the end, from the last checkpoint under `directory` if there is one."""
    directory.mkdir(parents=True, exist_ok=True)
    model = new_model(recipe, tokenizer)
    decayed = [weight for weight in model.parameters() if weight.ndim == 2]
    plain = [weight for weight in model.parameters() if weight.ndim != 2]
    optimizer = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": recipe.weight_decay}, {"params": plain, "weight_decay": 0.0}],
        lr=recipe.learning_rate,
        betas=(0.9, 0.98),
        fused=True,
    )
    first_step = _resume(model, optimizer, recipe, directory)
    started, tokens, loss_sum = time.monotonic(), 0, 0.0
    for step, (ids_BT, weights_BT) in enumerate(_batches(draw, tokenizer, recipe, first_step), first_step):
        if step >= recipe.steps:
            break
        for group in optimizer.param_groups:
            group["lr"] = rate_at(recipe, step)
        loss = _loss(model, ids_BT, weights_BT)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        tokens += ids_BT.numel()
        loss_sum += loss.item()
        if (step + 1) % 100 == 0:
            seconds = time.monotonic() - started
            left = seconds / (step + 1 - first_step) * (recipe.steps - step - 1)
            report(
                f"step {step + 1:,} of {recipe.steps:,}, loss {loss_sum / 100:.3f}, {tokens / seconds:,.0f} tokens/s, "
                f"{left / 60:.0f} min left"
            )
            loss_sum = 0.0
        if (step + 1) % checkpoint_steps == 0 or step + 1 == recipe.steps:
            _save(model, optimizer, recipe, directory, step + 1)
            if probe is not None:
                report(probe(model, step + 1))
    return model


def _loss(model: LlamaForCausalLM, ids_BT: torch.Tensor, weights_BT: torch.Tensor) -> torch.Tensor:
    """Weighted cross entropy of each token given those before it; right padding needs no attention mask."""
    targets_BT, weights_BT = ids_BT[:, 1:], weights_BT[:, 1:]
    with torch.autocast("cpu", torch.bfloat16):
        hidden_BTD = model.model(input_ids=ids_BT[:, :-1], use_cache=False).last_hidden_state
        chosen = weights_BT > 0  # most prompts' tokens count too, but padding never reaches the output head
        logits_NV = model.lm_head(hidden_BTD[chosen])
    losses_N = torch.nn.functional.cross_entropy(logits_NV.float(), targets_BT[chosen], reduction="none")
    weights_N = weights_BT[chosen]
    return (losses_N * weights_N).sum() / weights_N.sum()


def _save(
    model: LlamaForCausalLM,
    optimizer: torch.optim.Optimizer,
    recipe: PretrainingRecipe,
    directory: Path,
    step: int,
) -> None:
    """One file, replaced at once: weights, both moments of AdamW, and the step in its header."""
    tensors = {f"weight.{name}": weight.detach() for name, weight in model.named_parameters()}
    for name, weight in model.named_parameters():
        state = optimizer.state[weight]
        tensors |= {f"{part}.{name}": state[part] for part in ("exp_avg", "exp_avg_sq")}
    temporary = directory / "checkpoint.tmp"
    save_file(
        {name: tensor.contiguous() for name, tensor in tensors.items()},
        temporary,
        metadata={"step": str(step), "recipe": json.dumps(asdict(recipe), sort_keys=True)},
    )
    temporary.replace(directory / "checkpoint.safetensors")


def _resume(
    model: LlamaForCausalLM, optimizer: torch.optim.Optimizer, recipe: PretrainingRecipe, directory: Path
) -> int:
    """The step to go on from; a checkpoint of another recipe is refused."""
    path = directory / "checkpoint.safetensors"
    if not path.exists():
        return 0
    from safetensors import safe_open

    with safe_open(path, "pt") as opened:
        metadata = opened.metadata()
    if metadata["recipe"] != json.dumps(asdict(recipe), sort_keys=True):
        raise ValueError(f"{path} was made by another recipe; remove it to start anew")
    step, tensors = int(metadata["step"]), load_file(path)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            weight.copy_(tensors[f"weight.{name}"])
            optimizer.state[weight] = {
                "step": torch.tensor(float(step)),
                "exp_avg": tensors[f"exp_avg.{name}"],
                "exp_avg_sq": tensors[f"exp_avg_sq.{name}"],
            }
    return step
