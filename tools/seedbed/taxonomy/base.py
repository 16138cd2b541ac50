"""What a change is compared with: the ladder from `--base` down to the default branch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from seedbed.errors import RepositoryError
from seedbed.taxonomy.repository import Repository


@dataclass(frozen=True, slots=True)
class Base:
    """What a change is compared with. `rung` says in words how the base was found; `head` None is the working tree."""

    rung: str
    base: str
    head: str | None
    branch_tip: str | None = None
    """The newest commit of the branch compared with, where one was: who merges decided on what stands there. `base` may be
    older, and a commit in the midst of somebody's merged branch, that no one ever looked at as a whole."""

    @property
    def trusted(self) -> str:
        """The commit whose settings count when a change is looked at."""
        return self.branch_tip or self.base


def find_base(
    repository: Repository,
    *,
    base: str | None,
    head: str | None,
    environment: Mapping[str, str],
    default_branch: str | None = None,
) -> Base:
    """The commit to compare with: the first of these rungs that holds.

    `--base`; the first parent of the merge commit that CI tests; the target branch that CI names; the default branch.
    From a branch it is where the two parted. On the default branch itself that is HEAD, and so the working tree's own
    changes remain; in CI, after a push, it is what stood before. Raises RepositoryError when no rung holds.
    """
    tip = repository.resolve(head) if head is not None else repository.head()
    resolved = tip if head is not None else None
    if base is not None:
        return _explicit(repository, base, tip, resolved)
    if (merged := _merge_parent(repository, tip, environment)) is not None:
        return Base("first parent of the merge commit under test", merged, resolved, merged)
    target = (
        environment.get("GITHUB_BASE_REF")
        or environment.get("CI_MERGE_REQUEST_TARGET_BRANCH_NAME")
        or default_branch
    )
    other = repository.default_branch(target)
    if other is None:
        raise _no_default_branch(target)
    parted = repository.merge_base(tip, other)
    if parted is None:
        raise _no_merge_base(repository)
    if (
        parted == tip
        and environment.get("GITHUB_EVENT_NAME") == "push"
        and (parents := repository.parents(tip))
    ):
        return Base("first parent of the pushed commit", parents[0], resolved, other)
    if parted == tip and resolved is None:
        return Base("HEAD, which the default branch already holds", parted, resolved, other)
    return Base(
        f"merge base with {f'the branch {target}' if target else 'the default branch'}",
        parted,
        resolved,
        other,
    )


def _explicit(repository: Repository, base: str, tip: str, head: str | None) -> Base:
    """`--base` names a branch or a commit; what counts is where the change left it."""
    commit = repository.resolve(base)
    parted = repository.merge_base(commit, tip)
    if parted is None:
        return Base(f"--base {base}, which shares no history with the change", commit, head, commit)
    return Base(
        f"--base {base}" if parted == commit else f"--base {base}, where the change left it",
        parted,
        head,
        commit,
    )


def _merge_parent(repository: Repository, tip: str, environment: Mapping[str, str]) -> str | None:
    """GitHub tests pull requests as a merge of base and head: `refs/pull/<n>/merge`, or the merge queue's commit."""
    event = environment.get("GITHUB_EVENT_NAME")
    if environment.get("GITHUB_ACTIONS") != "true" or event not in ("pull_request", "merge_group"):
        return None
    parents = repository.parents(tip)
    if len(parents) == 2 or (event == "merge_group" and parents):
        return parents[0]
    if not parents and repository.is_shallow:
        raise RepositoryError(
            "this clone holds a single commit, so what the pull request changes cannot be seen",
            hint="give actions/checkout `fetch-depth: 2` (or 0), or run: git fetch --deepen=1",
        )
    return None


def _no_default_branch(target: str | None) -> RepositoryError:
    if target:
        return RepositoryError(
            f"the branch {target} is neither here nor on a remote, so there is nothing to compare with",
            hint=f"git fetch origin {target}:refs/remotes/origin/{target}, or name a base: --base REV",
        )
    return RepositoryError(
        "no default branch was found (origin/HEAD, main or master), so there is nothing to compare with",
        hint="git remote set-head origin --auto, or name a base: --base REV; --all checks every leaf",
    )


def _no_merge_base(repository: Repository) -> RepositoryError:
    if repository.is_shallow:
        return RepositoryError(
            "this clone is shallow and does not reach back to where the branch began",
            hint="git fetch --unshallow origin (in CI: actions/checkout with `fetch-depth: 0`), or --base REV",
        )
    return RepositoryError(
        "this branch shares no history with the default branch",
        hint="name what to compare with: --base REV; --all checks every leaf",
    )
