"""Looks at the files of models that a cluster fetches by itself, where they can be read from here, before it does.

What they import, who signed them and which they are is held to the definition in a preview and again in an `up`, before
anything of a deployment is declared. What a store holds is fetched once for each state of its listing.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pulumi

from seldon_infra.artifacts.addresses import shown
from seldon_infra.artifacts.digest import digest_of, unlike
from seldon_infra.artifacts.fetch import SCHEMES, fetch, listed
from seldon_infra.artifacts.judged import judged
from seldon_infra.artifacts.listing import SCHEMES as STORES
from seldon_infra.artifacts.render import settings_for, store_settings
from seldon_infra.artifacts.signed import unsigned
from seldon_infra.artifacts.source import scheme_of
from seldon_infra.clusters.in_time import in_time
from seldon_infra.clusters.rollouts import in_thread
from seldon_infra.core.errors import InvalidSpec, LimitReached, SeldonInfraError
from seldon_infra.core.model import pending
from seldon_infra.core.paths import cache_dir
from seldon_infra.core.problems import Problem
from seldon_infra.core.quantity import parse_quantity
from seldon_infra.graph.rules.place import InNode, nodes_in, predictors, server_of
from seldon_infra.targets.local_files import kind_of
from seldon_infra.targets.subject import Subject

if TYPE_CHECKING:
    from seldon_infra.graph.spec import SeldonDeployment
    from seldon_infra.targets.later import Gate
    from seldon_infra.targets.spec import Kubernetes
    from seldon_infra.targets.subject import UrnOf

SECONDS = 5.0
"""How long a store may take to list a model."""
_LOGINS = ("access_key_id", "endpoint", "service_account_json", "anonymous", "key", "sas_url", "url")
"""Fields by which a storage says how it is read; one without any leaves that to pods, and here to the machine."""
_WANT = "must be looked at before an up"


class Listings:
    """What stores have listed: many deployments may have one model, and a store is asked once for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked: dict[str, Future[object]] = {}

    def of(self, uri: str, settings: Mapping[str, Any] | None) -> object:
        """Ask for a listing, or wait for the same question's answer; raises what the question has raised."""
        key = json.dumps([uri, settings], sort_keys=True, default=str)
        with self._lock:
            first = key not in self._asked
            answer = self._asked.setdefault(key, Future())
        if first:
            try:
                answer.set_result(listed(uri, settings))
            except Exception as error:
                answer.set_exception(error)
        return answer.result()


@dataclass(frozen=True)
class Place:
    """Where the files of a stack are looked at from."""

    target: Kubernetes
    project: Path
    readable: Collection[str]
    """URIs that this machine's own credentials have been seen to read."""
    listings: Listings = field(default_factory=Listings)


def when_judged(deployment: SeldonDeployment, place: Place, urn_of: UrnOf) -> Gate | None:
    """Give what comes once a deployment's models have been looked at, None where there is nothing to look at.

    What is wrong with them is an error of the program's; so is what an `up` cannot look at and the definition asks for.
    """
    nodes = [inner for at in predictors(deployment) for inner in nodes_in(at) if _has_files(inner)]
    if place.target.live_checks == "skip" or not nodes:
        return None
    said = [(inner.node.model_uri, inner.node.model_digest) for inner in nodes]
    stores = [store_settings(each) for each in deployment.storage]

    async def look(come: Any) -> None:
        models = [
            _Model(inner, uri, digest, settings_for(uri, come[1]))
            for inner, (uri, digest) in zip(nodes, come[0], strict=True)
        ]
        answers = await in_thread(partial(_look, models, place))
        told = [(model, answers[model]) for model in models if model in answers]
        _tell(told, place.target, lambda: Subject(urn_of(deployment.name)))

    if not pending(deployment):
        return pulumi.Output.from_input(look((said, stores)))
    return pulumi.Output.unsecret(pulumi.Output.all(said, stores).apply(look))


class _NotAsked(SeldonInfraError):
    """Nobody was asked for a model; the live checks have said so of all together."""


@dataclass(frozen=True, eq=False)
class _Model:
    """A node's model, with all that its definition says of it."""

    inner: InNode
    uri: str
    digest: str | None
    settings: Mapping[str, Any] | None

    @property
    def pinned(self) -> str | None:
        """What the definition holds the files to beside their judgement."""
        key = self.inner.node.signed_by
        return f"signed_by '{key}'" if key else f"model_digest '{self.digest}'" if self.digest else None

    def reached(self, readable: Collection[str]) -> bool:
        """Whether asking for it may have an answer; what is known to have none is not waited for again."""
        scheme = scheme_of(self.uri)
        own = any((self.settings or {}).get(field) for field in _LOGINS)
        return own or (scheme in SCHEMES and (scheme not in STORES or self.uri in readable))


def _has_files(inner: InNode) -> bool:
    return inner.node.model_uri is not None and server_of(inner.node) is not None


def _look(models: list[_Model], place: Place) -> dict[_Model, list[Problem] | Exception]:
    """Give the problems of each model, or why there are none to give."""
    asked = {
        model: partial(place.listings.of, model.uri, model.settings)
        for model in models
        if model.reached(place.readable)
    }
    there = in_time(asked, SECONDS)
    return {model: _problems(model, place, there.get(model)) for model in models}


def _problems(model: _Model, place: Place, there: object) -> list[Problem] | Exception:
    if there is None:
        return _NotAsked(f"'{shown(model.uri)}' cannot be read from here")
    if isinstance(there, TimeoutError):
        return SeldonInfraError(f"'{shown(model.uri)}': no answer within {SECONDS:g} s")
    if isinstance(there, Exception):
        return there
    node, server = model.inner.node, server_of(model.inner.node)
    try:
        path = fetch(model.uri, model.settings, cache_dir(), int(parse_quantity(place.target.judged_up_to) or 0))
        found = [
            *unlike(digest_of(path)[0], model.digest),
            *judged(path, kind_of(server) if server else "", node.trusted),
        ]
        found += unsigned(path, place.project / node.signed_by) if node.signed_by else []
    except LimitReached as error:
        return LimitReached(f"{error}, and judged_up_to is '{place.target.judged_up_to}'")
    except SeldonInfraError as error:
        return error
    return [finding.problem(model.inner.path, shown(model.uri)) for finding in found]


def _tell(
    answers: list[tuple[_Model, list[Problem] | Exception]], target: Kubernetes, subject: Callable[[], Subject]
) -> None:
    problems = [problem for _, found in answers if isinstance(found, list) for problem in found]
    for model, why in answers:
        if isinstance(why, Exception):
            problems += _unseen(model, why, target, subject)
    if problems and target.live_checks == "refuse":
        raise pulumi.RunError(str(InvalidSpec(problems)))
    for problem in problems:
        pulumi.log.warn(str(problem), subject())


def _unseen(model: _Model, why: Exception, target: Kubernetes, subject: Callable[[], Subject]) -> Iterator[Problem]:
    """Say that a model was not looked at; an `up` stops where its definition asks for it."""
    if model.pinned and not pulumi.runtime.is_dry_run() and target.live_checks == "refuse":
        fix = "run it where the model can be read, or write live_checks='warn'"
        yield Problem(model.inner.path, f"{model.pinned}: {why}", _WANT, fix)
    elif model.pinned:
        said = f"{model.pinned} is not verified here, which an up with live_checks='refuse' takes: {why}"
        pulumi.log.warn(f"{model.inner.path}: {said}", subject())
    elif not isinstance(why, _NotAsked):
        pulumi.log.info(f"{model.inner.path}: its model's files are not judged here: {why}", subject())
