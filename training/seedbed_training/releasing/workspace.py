"""Where everything of one taxonomy lies: its repository, settings, samples, runs, releases."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from seedbed.bundled_files import bundled_file
from seedbed.config import Settings, load_settings
from seedbed.errors import UsageError
from seedbed.generation.release_manifest import ReleaseManifest, latest_release, read_releases
from seedbed.generation.store import SampleStore
from seedbed.taxonomy.repository import Repository
from seedbed.teacher.model_folder import model_folder

SANDBOX_STUDENT = "sandbox"
_SHOWN = 5  # releases, the latest first, where a name is none of them


@dataclass(frozen=True, slots=True)
class Workspace:
    """A taxonomy's repository with its settings; every path below it is derived here."""

    repository: Repository
    settings: Settings

    @classmethod
    def open(cls, start: Path) -> Workspace:
        """The workspace that `start` lies in. Raises RepositoryError or ConfigurationError."""
        repository = Repository.open(start)
        return cls(repository, load_settings(repository.root))

    @property
    def state(self) -> Path:
        """Runs, weights and evaluations: the store's folder, or `.seedbed` where the store is remote."""
        path = self.settings.store.path
        return self.repository.root / (".seedbed" if "://" in path else path)

    @property
    def manifests(self) -> Path:
        """The folder of release manifests, which git keeps."""
        return self.repository.root / self.settings.releases.path

    def run_directory(self, release: str) -> Path:
        """Where a release is trained and evaluated before it is one."""
        return self.state / "runs" / release

    def release_directory(self, release: str) -> Path:
        """Weights, tokenizer and model card of a release."""
        return self.state / "releases" / release

    def open_store(self) -> SampleStore:
        """The sample store that the settings name. Raises StoreError."""
        path = self.settings.store.path
        return SampleStore.open(path if "://" in path else str(self.repository.root / path))

    def releases(self) -> tuple[ReleaseManifest, ...]:
        """Every release, each after its parent."""
        return read_releases(self.manifests)

    def release(self, name: str | None = None) -> ReleaseManifest:
        """The release of this name, or the latest. Raises UsageError when there is none."""
        known = {manifest.name: manifest for manifest in self.releases()}
        found = latest_release(tuple(known.values())) if name is None else known.get(name)
        if found is not None:
            return found
        if name is None:
            raise UsageError("there is no release yet", hint="seedbed release cuts one")
        close = get_close_matches(name, known, 1)
        latest = list(known)[-_SHOWN:][::-1]
        others = f"there are {', '.join(latest)}" if latest else f"{self.manifests} has none"
        hint = f"did you mean {close[0]}?" if close else others
        raise UsageError(f"there is no release {name}", hint=hint)

    def parent_of(self, release: str) -> ReleaseManifest | None:
        """The release that `release` is to be trained from: its recorded parent, or the latest one there is."""
        known = self.releases()
        own = next((manifest for manifest in known if manifest.name == release), None)
        if own is None:
            return latest_release(known)
        return next((manifest for manifest in known if manifest.name == own.parent), None)

    def next_release(self) -> str:
        """`release-N`, N one more than the highest in use by a release."""
        numbers = [
            int(manifest.name.removeprefix("release-"))
            for manifest in self.releases()
            if manifest.name.removeprefix("release-").isdecimal()
        ]
        return f"release-{max(numbers, default=0) + 1}"


def base_model_folder(name: str) -> Path:
    """The folder of a base model: the sandbox's student, a local folder, or a hub name (downloaded at first use).

    Raises UsageError when the sandbox's student was not built, TeacherError when the name leads to no model.
    """
    if name != SANDBOX_STUDENT:
        return model_folder(name)
    folder = bundled_file("training/sandbox/student")
    if not (folder / "config.json").is_file():
        raise UsageError(
            "the sandbox's base student is not there",
            hint="seedbed sandbox build makes it, in an hour or two",
        )
    return folder


def parent_model_folder(workspace: Workspace, parent: ReleaseManifest) -> Path:
    """The weights of a release. Raises UsageError when they are not on this machine."""
    folder = workspace.release_directory(parent.name)
    if not (folder / "config.json").is_file():
        raise UsageError(
            f"the weights of {parent.name} are not in {folder}; the next release is trained from them",
            hint=f"copy that release's folder there, or check out its commit and run: seedbed train --release {parent.name}",
        )
    return folder
