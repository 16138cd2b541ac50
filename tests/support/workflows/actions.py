"""What stands in for the forge's own actions: the same effect on real git repositories and folders, and nothing of theirs."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from support.workflows.forge_place import git
from support.workflows.steps import Job, Outcome

Inputs = Mapping[str, Any]


def _checkout(job: Job, given: Inputs) -> Outcome:
    """actions/checkout: the event's commit, or the default branch where a pull request must not choose it."""
    if given.get("persist-credentials") is not False or {"ref", "repository", "path"} & given.keys():
        raise AssertionError("this stand-in knows the checkout of the event's own commit alone")
    event, where = job.event, job.workspace
    depth = given.get("fetch-depth", 1) if job.fetch_depth is None else job.fetch_depth
    default = f"refs/heads/{job.place.default_branch}"
    trusted = event.name in ("pull_request_target", "workflow_run", "schedule", "issue_comment")
    ref = default if trusted else event.ref
    commit = git("rev-parse", ref, cwd=job.place.origin).strip() if trusted else event.sha
    if not (where / ".git").exists():
        git("init", "--quiet", str(where), cwd=job.place.folder)
        git("remote", "add", "origin", f"file://{job.place.origin}", cwd=where)
        git("config", "gc.auto", "0", cwd=where)
    place = ref.replace("refs/heads/", "refs/remotes/origin/").replace("refs/pull/", "refs/remotes/pull/")
    own = [f"+{commit}:{place}"]
    everything = ["+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*"]
    wanted = own if depth else everything + ([] if ref.startswith("refs/heads/") else own)
    limit = [f"--depth={depth}"] if depth else []
    git("fetch", "--quiet", "--no-tags", "--no-recurse-submodules", *limit, "origin", *wanted, cwd=where)
    if given.get("clean", True):
        git("clean", "-ffdxq", cwd=where)
    branch = ref.removeprefix("refs/heads/")
    target = ["-B", branch, commit] if ref.startswith("refs/heads/") else ["--detach", place]
    git("checkout", "--quiet", "--force", *target, cwd=where)
    return Outcome(0, "")


def _upload_artifact(job: Job, given: Inputs) -> Outcome:
    source = Path(str(given["path"]))
    kept = job.place.artifact(job.run, str(given["name"]))
    if not source.exists():
        missing = given.get("if-no-files-found", "warn")
        return Outcome(
            int(missing == "error"), "" if missing == "ignore" else f"no files found at {source.name}\n"
        )
    kept.mkdir(parents=True)
    job.place.forge.artifacts.insert(0, (str(given["name"]), job.run))
    job.place.forge.runs[job.run] = job.event.name
    if source.is_dir():
        shutil.copytree(source, kept, dirs_exist_ok=True)
    else:
        shutil.copy2(source, kept / source.name)
    return Outcome(0, "")


def _download_artifact(job: Job, given: Inputs) -> Outcome:
    run = int(given.get("run-id") or job.run)
    if run != job.run and (job.permissions.get("actions") != "read" or not given.get("github-token")):
        return Outcome(1, "artifacts of another run need `actions: read` and a token\n")
    kept = job.place.artifact(run, str(given["name"]))
    if not kept.is_dir():
        return Outcome(1, f"there is no artifact {given['name']}\n")
    shutil.copytree(kept, Path(str(given["path"])), dirs_exist_ok=True)
    return Outcome(0, "")


def _upload_pages(job: Job, given: Inputs) -> Outcome:
    return _upload_artifact(
        job, {"name": "github-pages", "path": given["path"], "if-no-files-found": "error"}
    )


def _deploy_pages(job: Job, given: Inputs) -> Outcome:
    if job.permissions.get("pages") != "write" or job.permissions.get("id-token") != "write":
        return Outcome(1, "deploying needs `pages: write` and `id-token: write`\n")
    shutil.rmtree(job.place.pages, ignore_errors=True)
    shutil.copytree(job.place.artifact(job.run, "github-pages"), job.place.pages)
    return Outcome(0, "", {"page_url": "https://seedbed.pages.example/"})


def _attest(job: Job, given: Inputs) -> Outcome:
    """Every line must be a digest and a name, as sha256sum writes them."""
    if job.permissions.get("attestations") != "write" or job.permissions.get("id-token") != "write":
        return Outcome(1, "attesting needs `attestations: write` and `id-token: write`\n")
    for line in Path(str(given["subject-checksums"])).read_text(encoding="utf-8").splitlines():
        digest, name = line.split("  ", 1)
        assert len(bytes.fromhex(digest)) == 32
        job.place.attested.append(name)
    return Outcome(0, "")


def _nothing(job: Job, given: Inputs) -> Outcome:
    """The interpreter that runs the tests is there already."""
    return Outcome(0, "")


STAND_INS: Mapping[str, Callable[[Job, Inputs], Outcome]] = {
    "actions/checkout": _checkout,
    "actions/setup-python": _nothing,
    "actions/upload-artifact": _upload_artifact,
    "actions/download-artifact": _download_artifact,
    "actions/upload-pages-artifact": _upload_pages,
    "actions/deploy-pages": _deploy_pages,
    "actions/attest-build-provenance": _attest,
}
