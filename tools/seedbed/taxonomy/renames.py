"""Which removed and which added leaf are one leaf that moved."""

from __future__ import annotations

from collections.abc import Sequence

from seedbed.taxonomy.repository import Repository, TreeFile

_READ_LIMIT = 256 * 1024
_SIMILARITY = 0.5
"""Share of equal lines from which a removed and an added leaf are one leaf that moved; git's own default."""
_MOST_PAIRS = 2_500


def renames(
    repository: Repository,
    removed: Sequence[TreeFile],
    added: Sequence[TreeFile],
    *,
    base: str,
    head: str | None,
) -> list[tuple[TreeFile, TreeFile]]:
    """Pairs of a removed and an added leaf that are one: same bytes first, then the most similar lines."""
    pairs, waiting, left = _same_bytes(removed, added)
    if not waiting or len(waiting) * len(left) > _MOST_PAIRS:
        return pairs
    before_lines = {file.path: _lines(repository, file, base) for file in waiting}
    after_lines = {file.path: _lines(repository, file, head) for file in left}
    ranked = sorted(
        (
            (
                -_similarity(before_lines[before.path], after_lines[after.path]),
                before.path,
                after.path,
                before,
                after,
            )
            for before in waiting
            for after in left
        ),
        key=lambda candidate: candidate[:3],
    )
    moved_from: set[str] = set()
    moved_to: set[str] = set()
    for distance, old_path, new_path, before, after in ranked:
        if -distance >= _SIMILARITY and old_path not in moved_from and new_path not in moved_to:
            moved_from.add(old_path)
            moved_to.add(new_path)
            pairs.append((before, after))
    return pairs


def _same_bytes(
    removed: Sequence[TreeFile], added: Sequence[TreeFile]
) -> tuple[list[tuple[TreeFile, TreeFile]], list[TreeFile], list[TreeFile]]:
    """Pairs with the same blob, and the removed and the added files that remain."""
    by_blob: dict[str, list[TreeFile]] = {}
    for after in reversed(added):
        by_blob.setdefault(after.blob, []).append(after)
    pairs: list[tuple[TreeFile, TreeFile]] = []
    waiting: list[TreeFile] = []
    for before in removed:
        same = by_blob.get(before.blob)
        if same:
            pairs.append((before, same.pop()))
        else:
            waiting.append(before)
    taken = {after.path for _, after in pairs}
    return pairs, waiting, [after for after in added if after.path not in taken]


def _lines(repository: Repository, file: TreeFile, commit: str | None) -> list[bytes]:
    if not file.is_regular or not 0 < file.size <= _READ_LIMIT:
        return []
    return repository.read(file, commit=commit, limit=_READ_LIMIT).splitlines()


def _similarity(before: list[bytes], after: list[bytes]) -> float:
    """Lines in common, as a share of all lines, 0…1."""
    if not before or not after:
        return 0.0
    import difflib

    return difflib.SequenceMatcher(None, before, after, autojunk=False).ratio()
