"""What a message is about, while it is not declared yet."""

from __future__ import annotations

import pulumi


class Subject(pulumi.Resource):
    """A resource that is yet to be registered, as messages need it: by its URN alone."""

    def __init__(self, urn: pulumi.Output[str]) -> None:
        self._urn = urn

    @property
    def urn(self) -> pulumi.Output[str]:
        """The URN that it will have."""
        return self._urn
