"""The commands that training adds to `seedbed`: name → (where it is, one line of help); nothing heavy is imported."""

from __future__ import annotations

commands: dict[str, tuple[str, str]] = {
    "plan": (
        "seedbed_training.cli.plan:plan",
        "Show phase by phase what the next release will be trained on.",
    ),
    "train": ("seedbed_training.cli.train:train", "Train the next release; goes on where it was stopped."),
    "eval": (
        "seedbed_training.cli.eval:evaluate",
        "Score every leaf on what was held out, before and after.",
    ),
    "release": (
        "seedbed_training.cli.release:release",
        "Pass the gate and write the release with its model card.",
    ),
    "chat": ("seedbed_training.cli.chat:chat", "Talk to a release, beside its parent if wanted."),
    "revoke": (
        "seedbed_training.cli.revoke:revoke",
        "Let no release learn a leaf again; names every release that did.",
    ),
    "demo": (
        "seedbed_training.cli.demo:demo",
        "All of it, from a pull request to a released model, in minutes.",
    ),
    "study": (
        "seedbed_training.cli.study:study",
        "Small experiments: what replay, coverage, order and mixing do.",
    ),
    "sandbox": ("seedbed_training.cli.sandbox:sandbox", "The small offline teacher and base student."),
}
