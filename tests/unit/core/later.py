"""A value of later, as the specifications see it: something with ``apply``."""

from __future__ import annotations


class Later:
    def apply(self, run: object) -> Later:
        return self
