"""A table of cases of one type, followed through one life: made, changed, changed by hand, imported, destroyed.

Each case is one resource. What the engine and AWS say at each stage is kept, so that a test is one question about one
case: many small tests for the price of a few runs.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

from pydantic.alias_generators import to_camel

from tests.aws.eks.account import Account, Declared, Step, imports
from tests.aws.eks.conftest import new_account
from tests.aws.loopback.fixtures import Surroundings

Body = dict[str, Any]
Change = Callable[[Body], None]


@dataclass(frozen=True)
class Case:
    """A resource as it is made, as it is declared next, and what follows from that."""

    name: str
    before: Body
    after: Body = field(default_factory=dict)
    """What of `before` is declared otherwise; None takes a field away."""
    action: str = "same"
    sees: Body = field(default_factory=dict)
    """What AWS has at the end, by dotted path."""
    made: Body = field(default_factory=dict)
    """What AWS has after the creation, by dotted path."""

    @property
    def then(self) -> Body:
        """What is declared next."""
        return {key: it for key, it in (self.before | self.after).items() if it is not None}


@dataclass(frozen=True)
class Drift:
    """What somebody changes by hand, and the properties at which a preview shows it."""

    name: str
    change: Change
    paths: set[str]


class Life:
    """The stages of all cases, each run when it is first asked for."""

    untold: ClassVar[frozenset[str]] = frozenset({"creator_is_admin", "self_managed_addons", "resolve_conflicts",
                                                 "preserve", "force_update"})  # fmt: skip
    """Inputs that AWS does not tell: an import takes their defaults."""

    def __init__(
        self,
        account: Account,
        around: Surroundings,
        kind: str | Callable[[Case], str],
        cases: Sequence[Case],
        more: Body | None = None,
    ) -> None:
        self.account, self.around, self.cases = account, around, cases
        self._kind = kind if callable(kind) else lambda case: kind
        self.there = {**vars(around), **(more or {})}
        self._done: dict[str, dict[str, Any]] = {}

    def expected(self, wanted: Any) -> Any:
        """An expectation with what exists only in this account."""
        return _filled(wanted, self.there)

    def declared(self, moment: str) -> list[Declared]:
        """The program before or after the change."""
        return [
            Declared(it.name, self._kind(it), self._fill(it.before if moment == "before" else it.then, it))
            for it in self.cases
        ]

    def made(self) -> dict[str, Body]:
        """How AWS has each case after its creation."""
        return self._once("made", self._make)

    def settled(self) -> dict[str, Step]:
        """What the preview after the creation would do."""
        self.made()
        return self._once("settled", self.account.plan)

    def planned(self) -> dict[str, Step]:
        """What the preview of the change would do."""
        self.settled()
        return self._once("planned", lambda: self.account.plan(*self.declared("after")))

    def changed(self) -> dict[str, Body]:
        """How AWS has each case after the change."""
        self.planned()
        return self._once("changed", self._change)

    def settled_again(self) -> dict[str, Step]:
        """What the preview after the change would do."""
        self.changed()
        return self._once("settled again", self.account.plan)

    def drifted(self, drifts: Sequence[Drift]) -> dict[str, Step]:
        """What a preview would do after each case was changed by hand."""
        self.settled_again()
        return self._once("drifted", lambda: self._drift(drifts))

    def put_back(self, drifts: Sequence[Drift]) -> dict[str, Step]:
        """What is left to do after the next `up`."""
        self.drifted(drifts)
        return self._once("put back", self._put_back)

    def imported(self, folder: Path) -> dict[str, Any]:
        """The steps of a preview in a second stack, that has imported everything, and the inputs it has."""
        self.settled_again()
        return self._once("imported", lambda: self._import(folder))

    def import_differs(self, case: Case, folder: Path) -> dict[str, Any]:
        """What an import has otherwise than the stack that made it, but for what AWS does not tell or chooses."""
        theirs = self.imported(folder)["inputs"][case.name]
        mine = self.account.state()[case.name]["inputs"]
        told = set(mine) - {to_camel(name) for name in self.untold}
        found = {key: _part(theirs.get(key), mine[key]) for key in told}
        return {key: it for key, it in found.items() if _unordered(it) != _unordered(mine[key])}

    def destroyed(self) -> list[str]:
        """What EKS has after the destruction."""
        self.settled_again()
        self._once("destroyed", lambda: {"said": self.account.engine.destroy().stdout})
        return self.account.inventory()

    def _make(self) -> dict[str, Body]:
        self.account.up(*self.declared("before"))
        return self._bodies()

    def _change(self) -> dict[str, Body]:
        self.account.up(*self.declared("after"))
        return self._bodies()

    def _drift(self, drifts: Sequence[Drift]) -> dict[str, Step]:
        for drift in drifts:
            drift.change(self.account.body(drift.name))
        return self.account.plan()

    def _put_back(self) -> dict[str, Step]:
        self.account.up()
        return self.account.plan()

    def _import(self, folder: Path) -> dict[str, Any]:
        """Import all; what AWS does not tell is declared as the import takes it to be."""
        second = new_account(self.account.aws, self.around, folder)
        second.base = self.account.base
        imports(self.account, second.engine)
        inputs = {name: it["inputs"] for name, it in second.state().items()}
        return {"inputs": inputs, "plan": second.plan(*map(self._told, self.declared("after")))}

    def _told(self, declared: Declared) -> Declared:
        return replace(declared, inputs={key: it for key, it in declared.inputs.items() if key not in self.untold})

    def _bodies(self) -> dict[str, Body]:
        return {name: copy.deepcopy(self.account.body(name)) for name in self.account.state()}

    def _once(self, stage: str, run: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        if stage not in self._done:
            self._done[stage] = run()
        return self._done[stage]

    def _fill(self, inputs: Body, case: Case) -> Body:
        """Inputs with what exists only in this account, such as $keys.0; what has a name has the case's."""
        named = {"name": case.name} if self._kind(case) in ("EksCluster", "EksNodegroup") else {}
        return {**named, **_filled(inputs, self.there)}


def _filled(value: Any, there: Body) -> Any:
    match value:
        case dict():
            return {_filled(key, there): _filled(item, there) for key, item in value.items()}
        case list():
            return [_filled(item, there) for item in value]
        case str() if value.startswith("$"):
            name, _, index = value[1:].partition(".")
            found = there[name]
            return found[int(index)] if index else found
        case _:
            return value


def _part(value: Any, of: Any) -> Any:
    """What a value says about what another has: an import may know more, such as a template's id and its name."""
    return {key: value.get(key) for key in of} if isinstance(value, dict) and isinstance(of, dict) else value


def _unordered(value: Any) -> Any:
    """A value in which the order of a list does not count: a preview tells whether it does."""
    return sorted(map(json.dumps, value)) if isinstance(value, list) else value


def at(body: Body, path: str) -> Any:
    """What is at a dotted path; None where nothing is."""
    found: Any = body
    for step in path.split("."):
        found = dict(enumerate(found)).get(int(step), {}) if isinstance(found, list) else found.get(step, {})
    return None if found == {} else found


def put(path: str, value: Any) -> Change:
    """A change by hand of what is at a dotted path."""

    def change(body: Body) -> None:
        *steps, last = path.split(".")
        for step in steps:
            body = body[int(step)] if step.isdigit() else body.setdefault(step, {})  # type: ignore[index]
        body[last] = value

    return change
