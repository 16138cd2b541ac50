"""`seedbed tree`: the taxonomy with its counts and states."""

from __future__ import annotations

import sys
from collections import Counter

import click

from seedbed.checking.finding import Severity
from seedbed.cli.options import config_option, head_option, open_repository, repository_paths, write_out
from seedbed.config import Settings
from seedbed.generation.release_manifest import latest_release, read_releases
from seedbed.generation.revocation import read_revocations
from seedbed.generation.taxonomy_overview import LeafOverview, taxonomy_overview
from seedbed.reports.taxonomy_tree import tree_json, tree_text
from seedbed.taxonomy.repository import Repository


@click.command(short_help="Show the taxonomy, its counts and states.")
@click.argument("paths", nargs=-1, metavar="[PATH]...", type=click.Path())
@head_option
@click.option("--findings", "with_findings", is_flag=True, help="Check each leaf and count what is found.")
@click.option("--format", "form", type=click.Choice(("text", "json")), default="text", show_default=True)
@config_option
def tree(
    paths: tuple[str, ...], head: str | None, with_findings: bool, form: str, config: str | None
) -> None:
    """Show the taxonomy: each leaf with its kind, its seeds, and whether it is fresh since the latest release.

    With a PATH, only leaves at or under it. What is stored of each leaf is told by `seedbed status`.
    """
    repository, settings = open_repository(config)
    commit = None if head is None else repository.resolve(head)
    releases = read_releases(repository.root / settings.releases.path)
    overview = taxonomy_overview(
        repository,
        commit=commit,
        taxonomy_root=settings.taxonomy.root,
        releases=releases,
        revocations=read_revocations(repository.root / settings.releases.path),
    )
    leaves = _under(overview, repository_paths(repository, paths), settings)
    findings = _findings(repository, settings, commit) if with_findings else None
    if findings is not None:
        findings = {leaf.name: findings.get(leaf.name, Counter()) for leaf in leaves}
    latest = latest_release(releases)
    release = latest.name if latest else None
    if form == "json":
        sys.stdout.write(tree_json(leaves, commit=commit, release=release, findings=findings))
        return
    revision = commit[:12] if commit else "the working tree"
    write_out(tree_text(leaves, revision=revision, release=release, findings=findings))


def _under(
    leaves: tuple[LeafOverview, ...], paths: tuple[str, ...], settings: Settings
) -> tuple[LeafOverview, ...]:
    """The leaves at or under one of the paths, which count from the repository's root; all without paths."""
    root = settings.taxonomy.root.strip("/").removeprefix("./")
    prefix = "" if root in ("", ".") else f"{root}/"
    return tuple(
        leaf
        for leaf in leaves
        if not paths
        or any(path == "." or f"{prefix}{leaf.name}/qna.yaml/".startswith(f"{path}/") for path in paths)
    )


def _findings(repository: Repository, settings: Settings, commit: str | None) -> dict[str, Counter[Severity]]:
    from seedbed.checking.check import check

    report = check(repository, settings, base=None, head=commit)
    names = {leaf.path.rpartition("/")[0]: leaf.name for leaf in report.leaves}
    counts: dict[str, Counter[Severity]] = {}
    for finding in report.findings:
        name = names.get(finding.path.rpartition("/")[0])
        if name is not None:
            counts.setdefault(name, Counter())[finding.severity] += 1
    return counts
