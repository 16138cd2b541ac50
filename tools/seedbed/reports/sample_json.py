"""Where a sample comes from, as one JSON document, version 1."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from seedbed.generation.explain_sample import Exchange, Explanation


def explanation_json(told: Explanation) -> str:
    """ASCII, sorted keys; a new key may appear in version 1, none changes its meaning or goes."""
    making, change, attribution = told.found.stored.making, told.change, told.attribution
    document = {
        "version": 1,
        "sample": told.found.sample.to_json(),
        "store_key": told.found.stored.key,
        "recipe": {"name": making.recipe, "digest": making.recipe_digest},
        "run_seed": making.seed,
        "leaf": {
            "path": told.path,
            "created_by": told.created_by,
            "commit": change.commit if change else told.commit,
            "commit_certain": change.certain if change else False,
            "author": change.authored.name if change else None,
            "committed": change.authored.committed if change else None,
            "current": told.current,
        },
        "attribution": None
        if attribution is None
        else {
            "title": attribution.title,
            "link": attribution.link,
            "licence": attribution.licence,
            "licence_text": attribution.licence_text,
            "authors": list(attribution.authors),
        },
        "passage": asdict(told.passage) if told.passage else None,
        "exchanges": [_exchange(one) for one in told.exchanges],
        "gaps": list(told.gaps),
    }
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=True) + "\n"


def _exchange(one: Exchange) -> dict[str, Any]:
    return {
        "role": one.role,
        "request": asdict(one.request),
        "completion": asdict(one.completion) if one.completion else None,
    }
