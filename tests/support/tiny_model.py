"""A small random model in the ordinary transformers format, made in a second: real weights, no meaning."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

SPECIAL_TOKENS = ("<|pad|>", "<|unk|>", "<|user|>", "<|assistant|>", "<|end|>")

CHAT_TEMPLATE = (
    "{% for message in messages %}<|{{ message.role }}|>{{ message.content }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


def build_tiny_model(
    directory: Path, *, words: Sequence[str], seed: int = 0, hidden: int = 32, layers: int = 2
) -> Path:
    """Write a Llama with random weights and a closed vocabulary of `words` into `directory`; returns `directory`.

    One token is one word, one punctuation mark or one newline. Whatever is not among `words` is `<|unk|>`.
    The weights are the same for the same arguments.
    """
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers

    vocabulary = list(dict.fromkeys((*SPECIAL_TOKENS, "\n", *words)))
    ids = {token: index for index, token in enumerate(vocabulary)}
    tokenizer = Tokenizer(models.WordLevel(ids, unk_token="<|unk|>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(r"\w+|\n|[^\w\s]"), behavior="removed", invert=True)
    return _save(directory, tokenizer, unk_token="<|unk|>", seed=seed, hidden=hidden, layers=layers)


def build_byte_model(
    directory: Path,
    *,
    merges: Sequence[tuple[str, str]] = (),
    seed: int = 0,
    hidden: int = 32,
    layers: int = 2,
    context: int = 512,
    ends: int = 1,
) -> Path:
    """Write a Llama with random weights that reads and writes every byte, as the large models do; returns `directory`.

    `ends` tokens end an answer: with chance alone to end one, 16 of them make texts of about 20 tokens.

    `merges` of the byte-level pair encoding make longer tokens, such as ("Y", "E") and then ("YE", "S").
    """
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    others = [f"<|end{number}|>" for number in range(2, ends + 1)]
    special = [*(token for token in SPECIAL_TOKENS if token != "<|unk|>"), *others]
    joined = ["".join(pair) for pair in merges]
    tokens = (*special, *sorted(pre_tokenizers.ByteLevel.alphabet()), *joined)
    ids = {token: index for index, token in enumerate(dict.fromkeys(tokens))}
    tokenizer = Tokenizer(models.BPE(ids, list(merges)))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return _save(directory, tokenizer, seed=seed, hidden=hidden, layers=layers, context=context, ends=others)


def _save(
    directory: Path,
    tokenizer: Any,
    *,
    seed: int,
    hidden: int,
    layers: int,
    context: int = 512,
    ends: Sequence[str] = (),
    **named: str,
) -> Path:
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="<|pad|>",
        eos_token="<|end|>",
        additional_special_tokens=["<|user|>", "<|assistant|>", *ends],
        padding_side="left",
        **named,
    )
    fast.chat_template = CHAT_TEMPLATE
    ids = fast.get_vocab()
    config = LlamaConfig(
        vocab_size=len(ids),
        hidden_size=hidden,
        intermediate_size=2 * hidden,
        num_hidden_layers=layers,
        num_attention_heads=2,
        num_key_value_heads=2,
        max_position_embeddings=context,
        pad_token_id=ids["<|pad|>"],
        eos_token_id=ids["<|end|>"],
        bos_token_id=None,
        tie_word_embeddings=True,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = LlamaForCausalLM(config)
        for weight in model.parameters():
            if weight.ndim == 2:  # ten times the usual spread, so that random answers differ from one another
                torch.nn.init.normal_(weight, std=0.2)
    model.generation_config.eos_token_id = [ids["<|end|>"], *(ids[end] for end in ends)]
    model.generation_config.pad_token_id = ids["<|pad|>"]
    directory.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(directory)
    fast.save_pretrained(directory)
    return directory
