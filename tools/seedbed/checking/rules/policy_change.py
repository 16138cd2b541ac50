"""A change is checked under the policy of its base.

`seedbed.toml` says which licences are accepted, how serious each rule is and what is ignored. A change that edits it is
checked as if it did not: it cannot relax the rules that it must pass. What it says holds from its merge on.

Hints: a pull request that edits `seedbed.toml`.

Passes: a pull request of leaves alone.

To fix it: nothing, if the new policy is meant; put it in a pull request of its own, so that a maintainer decides about
it alone.
"""

from __future__ import annotations

from seedbed.checking.finding import Severity

CODE = "SB701"
SEVERITY = Severity.HINT
