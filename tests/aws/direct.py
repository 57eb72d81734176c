"""The plugin's resource types called without an engine, for what an engine adds nothing to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

import pytest

from seldon_infra.provider.aws import RESOURCES, api
from seldon_infra.provider.framework import Context
from seldon_infra.provider.lifecycle import Lifecycle
from seldon_infra.provider.siblings import Known, owner_of
from tests.aws.account import Account

_TYPES = {it.type.token: it for it in RESOURCES}


class Direct:
    """Reads and updates what the state of an account's stack has."""

    def __init__(self, account: Account) -> None:
        self._state = account.state()

    @classmethod
    @contextmanager
    def over(cls, account: Account) -> Iterator[Self]:
        """With this process's calls to AWS led to the account."""
        with pytest.MonkeyPatch.context() as patch:
            for name, value in account.aws.environment.items():
                patch.setenv(name, value)
            patch.setattr(api, "_CLIENTS", api._Clients())
            yield cls(account)

    def drifted(self) -> dict[str, set[str]]:
        """Per resource that has drifted, the inputs that did, asked anew."""
        api._MEMORY = api._Memory()  # type: ignore[misc]
        found = {name: self._drifted(it) for name, it in self._state.items()}
        return {name: fields for name, fields in found.items() if fields}

    def _drifted(self, it: dict[str, Any]) -> set[str]:
        alive = _lifecycle(it).read(it["id"], it["outputs"], it["inputs"], _context(it))
        now = alive.inputs if alive and alive.inputs else {}
        return {key for key in it["inputs"] | now if it["inputs"].get(key) != now.get(key)}

    def mend(self, name: str) -> None:
        """Bring a resource back to what the state has."""
        it = self._state[name]
        alive = _lifecycle(it).read(it["id"], it["outputs"], it["inputs"], _context(it))
        assert alive is not None
        done = _lifecycle(it).update((alive.id, alive.outputs, alive.inputs or {}), it["inputs"], _context(it))
        assert not done.reasons, done.reasons


def _lifecycle(it: dict[str, Any]) -> Lifecycle[Any, Any]:
    return Lifecycle(_TYPES[it["type"]](), Known())


def _context(it: dict[str, Any]) -> Context:
    return Context(it["urn"], owner_of(it["urn"]))
