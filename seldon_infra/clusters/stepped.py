"""The specs by which a SeldonDeployment goes from what it is to what it shall be, step by step.

Seldon's operator leads requests to other predictors only when the pods of all are ready, and takes away what is no
longer listed after that (``createDeployments`` and ``completeServiceCreation`` of its 1.17.1). Shares are no part of
what it puts into pods (``createEngineContainer`` sets them to 0), so no step restarts any. So old and new stand side by
side, and only their shares change:

    main 100                        what is there
    main 99, main-next 1            a step: a changed predictor arrives under a name of its own
    main 0, main-next 100           the last step
    main 0, main-next 100           handover: the declared name, without requests, becomes what is declared
    main 100, main-next 0           it gets the requests, and is ready by then
    main 100                        what is declared

An annotation, written with each spec, says what the predictors were brought to and how far a change is: what the API
server gives back holds the webhook's defaults, and so does not tell by itself whether a declaration is another one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from seldon_infra.experiments.rollout import NEXT

Tree = Mapping[str, Any]
NOTE = "seldon-infra/rollout"
"""Annotation that says what predictors were brought to, and how far a change is."""
ALL = 100
_NO_VERSION = frozenset({"name", "traffic", "replicas"})
"""Fields of a predictor of which another value is no other answer."""
_ONE_OF_A_DEPLOYMENT = frozenset({"pdbSpec"})
_SERVICE_NAME = "seldon.io/svc-name"


@dataclass(frozen=True)
class Applied:
    """What a predictor was brought to."""

    version: str
    """Of its declaration; empty where nobody noted it."""
    traffic: int


@dataclass(frozen=True)
class Note:
    """What an object's annotation says."""

    applied: Mapping[str, Applied]
    """What the predictors were brought to before the change, by name."""
    aim: str = ""
    """Names where the change goes; empty where there is none."""
    step: int = 0
    over: bool = False
    """Whether the steps are over, and the declared names are being brought to what they shall be."""

    @property
    def text(self) -> str:
        """The annotation's value."""
        applied = {name: [each.version, each.traffic] for name, each in self.applied.items()}
        change = {"aim": self.aim, "step": self.step, "over": self.over} if self.aim else {}
        return json.dumps({"applied": applied, **change})


def note_of(found: Tree) -> Note | None:
    """Read an object's annotation; None where it has none that can be read."""
    text = (found["metadata"].get("annotations") or {}).get(NOTE)
    try:
        said = json.loads(text or "")
        applied = {name: Applied(str(version), int(share)) for name, (version, share) in said["applied"].items()}
        return Note(applied, str(said.get("aim", "")), int(said.get("step", 0)), bool(said.get("over")))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def applied_by(spec: Tree) -> dict[str, Applied]:
    """What predictors are brought to by a declared spec."""
    return {it["name"]: Applied(version_of(it), _share(it, spec)) for it in listed(spec)}


def before(live: Tree, note: Note | None, goal: Tree) -> Mapping[str, Applied]:
    """What predictors were brought to, where a note says so of those that are there."""
    names = {it["name"] for it in listed(live)}
    return note.applied if note and set(note.applied) <= names else guessed(live, goal)


def guessed(live: Tree, goal: Tree) -> dict[str, Applied]:
    """What predictors were brought to where nobody noted it: as declared where all that is declared stands there."""
    declared = {it["name"]: it for it in listed(goal)}

    def version(found: Tree) -> str:
        wanted = declared.get(found["name"])
        same = wanted is not None and holds(_answer(wanted), _answer(found))
        return version_of(wanted) if wanted is not None and same else ""

    return {it["name"]: Applied(version(it), _share(it, live)) for it in listed(live)}


def aim_of(goal: Tree) -> str:
    """Names a declared spec."""
    return _digest(goal)


def version_of(predictor: Tree) -> str:
    """Names what a declared predictor answers with."""
    return _digest(_answer(predictor))


def shares_of(spec: Tree) -> dict[str, int]:
    """The share of each predictor that is no shadow, in percent."""
    live = [it for it in listed(spec) if not it.get("shadow")]
    return {it["name"]: int(it.get("traffic") or 0) if len(live) > 1 else ALL for it in live}


def _share(predictor: Tree, spec: Tree) -> int:
    """A predictor's share, of a shadow the share that is copied."""
    return shares_of(spec).get(predictor["name"], int(predictor.get("traffic") or 0))


def listed(spec: Tree) -> list[Tree]:
    """A spec's predictors."""
    return list(spec.get("predictors") or ())


@dataclass(frozen=True)
class Change:
    """From what is there to what is declared."""

    live: Tree
    """The spec as the API server gives it."""
    applied: Mapping[str, Applied]
    """What its predictors were brought to; what it lists beside them is new."""
    goal: Tree
    """The declared spec."""

    @cached_property
    def arriving(self) -> dict[str, str]:
        """Names that new predictors have on the way, by the declared ones."""
        return {
            it["name"]: f"{it['name']}{NEXT}" if it["name"] in self.applied else it["name"]
            for it in listed(self.goal)
            if not it.get("shadow") and self._version(it["name"]) != version_of(it)
        }

    @cached_property
    def renamed(self) -> dict[str, str]:
        """Those of them that have another name on the way."""
        return {name: on_the_way for name, on_the_way in self.arriving.items() if name != on_the_way}

    def growing(self) -> list[str]:
        """Who gets more requests than before, by the names on the way."""
        begin, end = self._shares()
        return [name for name, share in end.items() if share > begin.get(name, 0)]

    def falling(self) -> str | None:
        """Who had most requests; None where nobody had any."""
        begin, _ = self._shares()
        return max(begin, key=lambda name: begin[name], default=None)

    def at(self, percent: int) -> Tree:
        """The spec so far of the way: both sides' predictors, each with its share."""
        weights = self.weights(percent)
        olds = [it for it in listed(self.live) if it["name"] in self.applied]
        news = [on_its_way(it, name) for it in listed(self.goal) if (name := self.arriving.get(it["name"]))]
        mixed = [{**it, "traffic": weights[it["name"]]} if it["name"] in weights else it for it in (*olds, *news)]
        return {**self.live, "predictors": mixed}

    def weights(self, percent: int) -> dict[str, int]:
        """The shares so far of the way, by the names on the way."""
        begin, end = self._shares()
        names = {**begin, **end}
        return whole({it: begin.get(it, 0) + (end.get(it, 0) - begin.get(it, 0)) * percent / ALL for it in names})

    def handover(self) -> Tree:
        """The declared predictors beside those that arrived under other names and have the requests."""
        return self._beside(frozenset(self.renamed.values()))

    def switched(self) -> Tree:
        """The same with the requests at the declared names."""
        return self._beside(frozenset())

    def back(self) -> Tree:
        """The spec of before: what arrived is gone, and each has its share again."""
        olds = [it for it in listed(self.live) if it["name"] in self.applied]
        shares = {it["name"]: {"traffic": self.applied[it["name"]].traffic} for it in olds if not it.get("shadow")}
        return {**self.live, "predictors": [{**it, **shares.get(it["name"], {})} for it in olds]}

    def _beside(self, asked: frozenset[str]) -> Tree:
        """The declared predictors, then those of other names, of whom the given get the requests."""
        shares = shares_of(self.goal)

        def share(name: str) -> int:
            return 0 if self.renamed.get(name) in asked else shares[name]

        declared = [{**it, "traffic": share(it["name"])} if it["name"] in shares else it for it in listed(self.goal)]
        others = [
            {**on_its_way(it, other), "traffic": shares[it["name"]] - share(it["name"])}
            for it in listed(self.goal)
            if (other := self.renamed.get(it["name"]))
        ]
        return {**self.goal, "predictors": [*declared, *others]}

    def _shares(self) -> tuple[dict[str, int], dict[str, int]]:
        """Shares before and after, by the names on the way."""
        shadows = {it["name"] for it in listed(self.live) if it.get("shadow")}
        begin = {name: each.traffic for name, each in self.applied.items() if name not in shadows}
        return begin, {self.arriving.get(name, name): share for name, share in shares_of(self.goal).items()}

    def _version(self, name: str) -> str | None:
        return self.applied[name].version if name in self.applied else None


def settled(live: Tree) -> Tree:
    """A spec whose handover was not ended, with the requests at the declared names."""
    names = {it["name"] for it in listed(live)}
    others = {
        base: it for it in listed(live) if (base := it["name"].removesuffix(NEXT)) != it["name"] and base in names
    }
    kept = [it for it in listed(live) if it not in others.values()]
    return {**live, "predictors": [_with(it, others[it["name"]]) if it["name"] in others else it for it in kept]}


def _with(predictor: Tree, other: Tree) -> Tree:
    return {**predictor, "traffic": (predictor.get("traffic") or 0) + (other.get("traffic") or 0)}


def on_its_way(predictor: Tree, name: str) -> Tree:
    """A new predictor under the name that it has on the way, without what only one of a deployment may have."""
    if name == predictor["name"]:
        return predictor
    parts = {key: value for key, value in predictor.items() if key != "explainer"}
    annotations = {key: value for key, value in (parts.pop("annotations", None) or {}).items() if key != _SERVICE_NAME}
    pods = [
        {key: value for key, value in pod.items() if key not in _ONE_OF_A_DEPLOYMENT}
        for pod in parts.pop("componentSpecs", None) or ()
    ]
    more = {"annotations": annotations} if annotations else {}
    return {**parts, "name": name, **more, **({"componentSpecs": pods} if pods else {})}


def whole(shares: Mapping[str, float]) -> dict[str, int]:
    """Whole percents that sum to 100; who gets something gets one at least."""
    found = {name: max(int(share), 1) if share > 0 else 0 for name, share in shares.items()}
    while (left := ALL - sum(found.values())) > 0:
        name = max(shares, key=lambda it: shares[it] - found[it])
        found[name] += min(left, 1)
    while sum(found.values()) > ALL:
        found[max(found, key=lambda it: found[it])] -= 1
    return found


def seen(declared: Tree, live: Tree) -> Tree:
    """What is there in the place of a declared spec: what nobody declared is left out, predictors go by their names."""
    there = {it["name"]: it for it in listed(live)}
    wanted = [it["name"] for it in listed(declared)]
    predictors = [as_declared(it, there[it["name"]]) for it in listed(declared) if it["name"] in there]
    more = [it for name, it in there.items() if name not in wanted]
    rest = as_declared({key: value for key, value in declared.items() if key != "predictors"}, live)
    return {**rest, "predictors": [*predictors, *more]}


def as_declared(declared: Any, live: Any) -> Any:
    """What is there in the fields that were declared."""
    if isinstance(declared, Mapping) and isinstance(live, Mapping):
        return {key: as_declared(value, live[key]) for key, value in declared.items() if key in live}
    if isinstance(declared, list | tuple) and isinstance(live, list | tuple) and len(declared) == len(live):
        return [as_declared(*pair) for pair in zip(declared, live, strict=True)]
    return live


def holds(declared: Any, live: Any) -> bool:
    """Tell whether all that is declared is there."""
    return bool(_digest(as_declared(declared, live)) == _digest(declared))


def _answer(predictor: Tree) -> Tree:
    return {key: value for key, value in predictor.items() if key not in _NO_VERSION}


def _digest(tree: Any) -> str:
    return hashlib.sha256(json.dumps(tree, sort_keys=True).encode()).hexdigest()[:16]
