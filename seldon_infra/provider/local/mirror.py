"""Live requests of this machine: each version is asked what the other has answered, which its orchestrator keeps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from seldon_infra.provider.framework import Context
from seldon_infra.runtime.asking import Away, GateFailed
from seldon_infra.runtime.gates import Version
from seldon_infra.runtime.mirrored import Copies, take


@dataclass(frozen=True)
class BetweenVersions:
    """What two versions have answered, asked of the other one."""

    old: Version
    key: str
    """By which orchestrators show what they keep."""
    context: Context

    def begins(self) -> bool:
        """Have the old version keep requests; it cannot where an earlier release made it."""
        try:
            take(self.old, self.key)
        except Away:
            raise
        except GateFailed:
            self.context.warn(
                f"the mirror gate is passed over: what '{self.old.name}' was made with keeps no requests; the next will"
            )
            return False
        return True

    def copy(self, news: Sequence[Version], copies: Copies) -> None:
        """Ask each what the other has been asked since the last time."""
        exchanges = take(self.old, self.key)
        for new in news:
            copies.send(exchanges, new, new, self._goes_on)
            copies.send(take(new, self.key), self.old, new, self._goes_on)

    def _goes_on(self) -> bool:
        return not self.context.cancelled.is_set()
