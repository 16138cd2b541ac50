"""The sandbox's tokenizer: a closed vocabulary, one token a word, with the space before it."""

from __future__ import annotations

from collections.abc import Iterable

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers
from transformers import PreTrainedTokenizerFast

SPECIAL_TOKENS = ("<|pad|>", "<|unk|>", "<|user|>", "<|assistant|>", "<|end|>")
PAD, UNKNOWN, USER, ASSISTANT, END = range(len(SPECIAL_TOKENS))  # token ids, fixed by their order

CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "{{ ('<|assistant|>' if message['role'] == 'assistant' else '<|user|>') + message['content'] + '<|end|>' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)

_SPACE = "▁"


def _untrained(vocabulary: dict[str, int]) -> Tokenizer:
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<|unk|>"))
    # Every line begins as if a space stood before it, so that a word is the same token wherever it stands.
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Prepend(_SPACE),
            normalizers.Replace("\n", f"\n{_SPACE}"),
            normalizers.Replace(" ", _SPACE),
        ]
    )
    words = Regex(rf"\n|{_SPACE}?[A-Za-z]+|{_SPACE}?[0-9]+|{_SPACE}?[^{_SPACE}\sA-Za-z0-9]|{_SPACE}")
    tokenizer.pre_tokenizer = pre_tokenizers.Split(words, "isolated")
    tokenizer.decoder = decoders.Sequence(
        [
            decoders.Fuse(),
            decoders.Replace(f"\n{_SPACE}", "\n"),
            decoders.Replace(_SPACE, " "),
            decoders.Strip(" ", 1, 0),
        ]
    )
    return tokenizer


def build_tokenizer(texts: Iterable[str]) -> PreTrainedTokenizerFast:
    """A tokenizer that knows exactly the words of `texts`; ids in alphabetical order after the special tokens."""
    splitter = _untrained({"<|unk|>": 0})
    words: set[str] = set()
    for text in set(texts):
        normal = splitter.normalizer.normalize_str(text)
        words.update(word for word, _ in splitter.pre_tokenizer.pre_tokenize_str(normal))
    vocabulary = {word: index for index, word in enumerate([*SPECIAL_TOKENS, *sorted(words)])}
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call] # transformers leaves it bare
        tokenizer_object=_untrained(vocabulary),
        pad_token="<|pad|>",
        unk_token="<|unk|>",
        eos_token="<|end|>",
        additional_special_tokens=["<|user|>", "<|assistant|>"],
        chat_template=CHAT_TEMPLATE,
        model_max_length=512,
        clean_up_tokenization_spaces=False,
        padding_side="left",
    )
