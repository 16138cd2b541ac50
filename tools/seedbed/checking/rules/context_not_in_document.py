"""The context of a knowledge seed stands in one of the leaf's documents.

Questions are generated from passages of the documents, in the manner of the seeds. A context from elsewhere, or one that
was reworded, shows the teacher a text of another kind, and facts that the documents do not support.

Warns: a context that the document does not hold; the passage that is most like it is shown.

Passes: a passage copied from the document; line breaks and spacing do not count.

To fix it: copy the passage from the document, or add the missing text to the document.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from seedbed.checking.documents_beside import documents_beside, matching
from seedbed.checking.finding import Finding, Related, Severity
from seedbed.checking.passages import nearest_passage
from seedbed.checking.surroundings import Surroundings
from seedbed.checking.texts import document_of, patterns_of, seeds, words_of
from seedbed.taxonomy.leaf import LeafFile

CODE = "SB405"
SEVERITY = Severity.WARNING
TEXT_ENDINGS = (".md", ".txt", ".markdown", ".rst")


def check(leaf: LeafFile, around: Surroundings) -> Iterator[Finding]:
    """Look for each context in the leaf's own text documents; documents of other repositories are not fetched here."""
    cited = [pattern for _, pattern in patterns_of(leaf)]
    if not cited or "repo" in document_of(leaf):
        return
    folder = PurePosixPath(leaf.path).parent
    files = list(matching(cited, folder, documents_beside(leaf.path, around.tree)))
    if not files or not all(file.path.endswith(TEXT_ENDINGS) for file in files):
        return
    texts = [(file.path, around.tree.read_text(file) or "") for file in files]
    whole = " ".join(" ".join(words_of(text)) for _, text in texts)
    for path, seed in seeds(leaf):
        context = seed.get("context")
        if not isinstance(context, str) or not context.strip():
            continue
        words = words_of(context)
        if f" {' '.join(words)} " in f" {whole} ":
            continue
        where = (*path, "context")
        nearest = nearest_passage(words, texts)
        message = "this context does not stand in the leaf's documents"
        related: tuple[Related, ...] = ()
        if nearest is not None:
            message += f"; the nearest passage is {nearest.similarity:.0%} alike"
            related = (Related(nearest.path, nearest.span, "the nearest passage"),)
        help = "copy the passage from the document, or add the missing text there"
        yield Finding(
            CODE, SEVERITY, leaf.path, leaf.key_span(where), message, where, context[:80], help, None, related
        )
