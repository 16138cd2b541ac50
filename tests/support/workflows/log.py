"""What the forge's runner would obey in a log: workflow commands, by the rules of its own parser (actions/runner, ActionCommand).

Of a line that begins with `::`, spaces before it or not, and of `##[` wherever it stands.
"""

from __future__ import annotations

import re

REGISTERED = (
    "add-mask add-matcher add-path debug echo endgroup error group notice remove-matcher save-state set-env set-output "
    "stop-commands warning internal-set-repo-path"
).split()
_NEW = re.compile(r"\s*::(?P<name>[^\s:]+)(?:\s[^\n]*?)?::")
_OLD = re.compile(r"##\[(?P<name>[^\s\]]+)[^\]]*\]")


def commands(log: str) -> list[str]:
    """The lines of a log that are commands, up to one that stops them; that one is the last of the list."""
    found = []
    for line in re.split(r"\r\n|[\r\n]", log):
        match = _NEW.match(line) or _OLD.search(line)
        if match and match["name"].lower() in REGISTERED:
            found.append(line)
            if match["name"].lower() == "stop-commands":
                break
    return found
