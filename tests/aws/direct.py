"""The plugin's resource types called without an engine, for what an engine adds nothing to."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Self

import pytest

from seldon_infra.provider.aws import RESOURCES, api
from seldon_infra.provider.framework import Context
from seldon_infra.provider.lifecycle import Lifecycle
from seldon_infra.provider.siblings import Known, owner_of
from tests.aws.account import Account
from tests.aws.eks.account import Account as EksAccount

_ORDERED = frozenset({"BlockDeviceMappings", "PolicyDocument", "AssumeRolePolicyDocument"})
_TYPES = {it.type.token: it for it in RESOURCES}


class Direct:
    """Reads and updates what the state of an account's stack has."""

    def __init__(self, account: Account | EksAccount) -> None:
        self.state = account.state()

    @classmethod
    @contextmanager
    def over(cls, account: Account | EksAccount) -> Iterator[Self]:
        """With this process's calls to AWS led to the account, which answers sets in any order, as AWS does."""
        with pytest.MonkeyPatch.context() as patch:
            for name, value in account.aws.environment.items():
                patch.setenv(name, value)
            patch.setattr(api, "_CLIENTS", api._Clients())
            patch.setattr(api, "_once", _in_any_order(api._once))
            yield cls(account)

    def drifted(self) -> dict[str, set[str]]:
        """Per resource that has drifted, the inputs that did, asked anew."""
        _forget()
        found = {name: self._drifted(it) for name, it in self.state.items()}
        return {name: fields for name, fields in found.items() if fields}

    def drifted_of(self, name: str) -> set[str]:
        """The inputs of one resource that have drifted."""
        _forget()
        return self._drifted(self.state[name])

    def _drifted(self, it: dict[str, Any]) -> set[str]:
        alive = _lifecycle(it).read(it["id"], it["outputs"], it["inputs"], _context(it))
        now = alive.inputs if alive and alive.inputs else {}
        return {key for key in it["inputs"] | now if it["inputs"].get(key) != now.get(key)}

    def paths_after(self, name: str, body: dict[str, Any], change: Callable[[dict[str, Any]], None]) -> set[str]:
        """The inputs, by dotted path, that show a change by hand of what AWS has; the change is taken back."""
        was, it = copy.deepcopy(body), self.state[name]
        change(body)
        _forget()
        try:
            alive = _lifecycle(it).read(it["id"], it["outputs"], it["inputs"], _context(it))
        finally:
            body.clear()
            body.update(was)
        now = dict(_leaves(alive.inputs if alive and alive.inputs else {}))
        last = dict(_leaves(it["inputs"]))
        return {path for path in last | now if last.get(path) != now.get(path)}

    def mend(self, name: str) -> None:
        """Bring a resource back to what the state has."""
        it = self.state[name]
        alive = _lifecycle(it).read(it["id"], it["outputs"], it["inputs"], _context(it))
        assert alive is not None
        done = _lifecycle(it).update((alive.id, alive.outputs, alive.inputs or {}), it["inputs"], _context(it))
        assert not done.reasons, done.reasons


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every plain value by its path, those of lists under their list's."""
    if isinstance(value, dict) and value:
        for key, it in value.items():
            yield from _leaves(it, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        rows = [dict(_leaves(it)) for it in value]
        for key in {key for row in rows for key in row}:
            yield f"{path}.{key}", [row.get(key) for row in rows]
    else:
        yield path, value


def _forget() -> None:
    """Let the next question be asked anew: changes by hand are not seen by this process."""
    for service in ("ec2", "eks", "events", "iam", "kms", "sqs", "sts", "resourcegroupstaggingapi"):
        api._MEMORY.forget(service)


def _in_any_order(once: Callable[..., Any]) -> Callable[..., Any]:
    dice = random.Random(0)
    return lambda *call: _shuffled(once(*call), dice)


def _shuffled(value: Any, dice: random.Random) -> Any:
    """An answer with its lists in another order, but for those in which the order says something."""
    if isinstance(value, list):
        return dice.sample([_shuffled(it, dice) for it in value], len(value))
    if isinstance(value, dict):
        return {key: it if key in _ORDERED else _shuffled(it, dice) for key, it in value.items()}
    return value


def _lifecycle(it: dict[str, Any]) -> Lifecycle[Any, Any]:
    return Lifecycle(_TYPES[it["type"]](), Known())


def _context(it: dict[str, Any]) -> Context:
    return Context(it["urn"], owner_of(it["urn"]))
