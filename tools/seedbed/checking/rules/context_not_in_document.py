"""The context of a knowledge seed stands in one of the leaf's documents.

Questions are generated from passages of the documents, in the manner of the seeds. A context from elsewhere, or one that
was reworded, shows the teacher a text of another kind, and facts that the documents do not support.

Warns: a context that the document does not hold.

Passes: a passage copied from the document; line breaks and spacing do not count.

To fix it: copy the passage from the document, or add the missing text to the document.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from seedbed.checking.documents_beside import documents_beside, matching
from seedbed.checking.finding import Finding, Severity
from seedbed.checking.surroundings import Surroundings
from seedbed.checking.texts import document_of, patterns_of, seeds
from seedbed.taxonomy.leaf import LeafFile

CODE = "SB405"
SEVERITY = Severity.WARNING
TEXT_ENDINGS = (".md", ".txt", ".markdown", ".rst")


def check(leaf: LeafFile, around: Surroundings) -> Iterator[Finding]:
    """Look for each context in the leaf's own text documents; documents of other repositories are not fetched here."""
    if "repo" in document_of(leaf):
        return
    cited = [pattern for _, pattern in patterns_of(leaf)]
    folder = PurePosixPath(leaf.path).parent
    files = list(matching(cited, folder, documents_beside(leaf.path, around.tree)))
    if not files or not all(file.path.endswith(TEXT_ENDINGS) for file in files):
        return
    whole = " ".join(_words(around.tree.read_text(file) or "") for file in files)
    for path, seed in seeds(leaf):
        context = seed.get("context")
        if isinstance(context, str) and context.strip() and _words(context) not in whole:
            where = (*path, "context")
            message = "this context does not stand in the leaf's documents"
            help = "copy the passage from the document, or add the missing text there"
            yield Finding(CODE, SEVERITY, leaf.path, leaf.key_span(where), message, where, context[:80], help)


def _words(text: str) -> str:
    """Letters and digits alone: Markdown signs, punctuation and spacing do not make a difference."""
    return " ".join(re.findall(r"\w+", text.casefold()))
