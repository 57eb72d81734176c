"""Looks at the files of models that a cluster fetches by itself, where they can be read from here, before it does.

What they import, who signed them and which they are is held to the definition in a preview and again in an `up`, before
anything of a deployment is declared. What a store holds is fetched once for each state of its listing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import pulumi

from seldon_infra.artifacts.addresses import shown
from seldon_infra.artifacts.contents import by_listing
from seldon_infra.artifacts.digest import digest_of, unlike
from seldon_infra.artifacts.fetch import SCHEMES, fetch_listed
from seldon_infra.artifacts.judged import judged
from seldon_infra.artifacts.listing import SCHEMES as STORES
from seldon_infra.artifacts.listings import Listings, has_login
from seldon_infra.artifacts.mlflow_registry import Registered
from seldon_infra.artifacts.oci import MODELS
from seldon_infra.artifacts.render import settings_for, store_settings
from seldon_infra.artifacts.signed import unsigned
from seldon_infra.artifacts.source import Listed, scheme_of
from seldon_infra.clusters.in_time import in_time
from seldon_infra.clusters.rollouts import in_thread
from seldon_infra.core.errors import InvalidSpec, LimitReached, ModelNotFound, SeldonInfraError
from seldon_infra.core.model import has_later, known
from seldon_infra.core.paths import cache_dir
from seldon_infra.core.problems import Problem
from seldon_infra.core.quantity import parse_quantity
from seldon_infra.servers.explainers import EXPLAINER
from seldon_infra.targets.local_files import kind_of, unread
from seldon_infra.targets.registered_models import SCHEME, ask, come_late, unfetched
from seldon_infra.targets.subject import Subject

if TYPE_CHECKING:
    from seldon_infra.artifacts.judge.finding import Finding
    from seldon_infra.artifacts.spec import Storage
    from seldon_infra.targets.later import Gate
    from seldon_infra.targets.spec import Kubernetes
    from seldon_infra.targets.subject import UrnOf
    from seldon_infra.targets.wanted_models import WantedModel

SECONDS = 5.0
"""How long a store may take to list a model."""
_WANT = "must be looked at before an up"
Contents: TypeAlias = Mapping[str, Mapping[str, Any]]
"""What was seen of models, by their places: their URIs, listings and digests."""


@dataclass(frozen=True)
class Place:
    """Where the files of a stack are looked at from."""

    target: Kubernetes
    project: Path
    readable: Collection[str]
    """URIs that this machine's own credentials have been seen to read."""
    listings: Listings = field(default_factory=Listings)


@dataclass(frozen=True)
class Looked:
    """What comes of a look at what one deployment or model server serves."""

    judged: Gate | None
    """Comes once its models have been looked at; None where there is nothing to look at."""
    contents: pulumi.Input[Contents]
    """What was seen of the models that are not pinned."""
    watched: Mapping[str, WantedModel]
    """Models by their places of which something may be seen here, now or by somebody else."""
    rolled: frozenset[str]
    """Places of those whose other contents roll pods: what is pinned says so by itself."""


def looked_at(
    name: str, models: Sequence[WantedModel], storage: Sequence[Storage], place: Place, urn_of: UrnOf
) -> Looked:
    """Look at the models of a deployment or a model server.

    What is wrong with them is an error of the program's; so is what an `up` cannot look at and the definition asks for.
    """
    rolls = place.target.changed_models == "roll"
    rolled = frozenset(it.place for it in models if rolls and it.digest is None and _is_listed(it, storage))
    watched = {it.place: it for it in models if it.place in rolled or is_registered(it)}
    said, stores = [(it.uri, it.digest) for it in models], [store_settings(each) for each in storage]

    async def look(come: Any) -> Contents:
        asked = [
            _Model(it, uri, digest, settings_for(uri, come[1]), come[1])
            for it, (uri, digest) in zip(models, come[0], strict=True)
        ]
        answers = await in_thread(partial(_look, asked, place))
        _tell([(it, answers[it].found) for it in asked], place.target, lambda: Subject(urn_of(name)))
        return {it.wanted.place: answers[it].content for it in asked if it.wanted.place in watched}

    if place.target.live_checks == "skip" or not models:
        return Looked(None, {each: {"uri": it.uri} for each, it in watched.items()}, watched, rolled)
    waits = has_later([said, stores])
    # What the SDK makes of an awaitable is typed by nobody.
    outputs: Any = pulumi.Output
    seen = outputs.all(said, stores).apply(look) if waits else outputs.from_input(look((said, stores)))
    # Keys are among what it waited for, and nothing of them in what it gives.
    contents: pulumi.Output[Contents] = outputs.unsecret(seen)
    return Looked(contents.apply(lambda seen: None), contents, watched, rolled)


def is_registered(model: WantedModel) -> bool:
    """Tell whether a registry says where a model's files are."""
    return scheme_of(known(model.uri) or "") == SCHEME


def _is_listed(model: WantedModel, storage: Sequence[Storage]) -> bool:
    """Whether a URI may lead to a store that can be listed; of one that is known later it may."""
    uri = known(model.uri)
    scheme = scheme_of(uri) if uri is not None else ""
    return uri is None or scheme in SCHEMES or scheme in {each.scheme for each in storage}


class _NotAsked(SeldonInfraError):
    """Nobody was asked for a model; the live checks have said so of all together."""


@dataclass(frozen=True, eq=False)
class _Model:
    """A model with all that was yet to come."""

    wanted: WantedModel
    uri: str
    digest: str | None
    settings: Mapping[str, Any] | None
    stores: Sequence[Mapping[str, Any]] = ()
    """All that the definition has."""
    registered: Registered | None = None
    """What a registry has said of it."""

    @property
    def place(self) -> str:
        """Where its files are."""
        return self.registered.place if self.registered else self.uri

    @property
    def login(self) -> Mapping[str, Any] | None:
        """How they are read."""
        return (self.settings or {}).get("artifacts") if self.registered else self.settings

    @property
    def pinned(self) -> str | None:
        """What the definition holds the files to beside their judgement."""
        key = self.wanted.signed_by
        return f"signed_by '{key}'" if key else f"model_digest '{self.digest}'" if self.digest else None

    def reached(self, readable: Collection[str]) -> bool:
        """Whether asking for it may have an answer; what is known to have none is not waited for again."""
        scheme = scheme_of(self.place)
        # Of what a registry has said just now nobody has been asked yet.
        reads = scheme in SCHEMES and (scheme not in STORES or self.registered is not None or self.place in readable)
        return has_login(self.login) or reads


@dataclass(frozen=True)
class _Answer:
    """What a look at one model gave."""

    found: list[Problem] | Exception
    """Its problems, or why there are none to give."""
    content: Mapping[str, str]


def _look(models: list[_Model], place: Place) -> dict[_Model, _Answer]:
    behind = in_time({it: partial(ask, it.uri, it.settings) for it in models if is_registered(it.wanted)}, SECONDS)
    there = {it: replace(it, registered=found) for it, found in behind.items() if isinstance(found, Registered)}
    placed = {it: there.get(it, it) for it in models if not isinstance(behind.get(it), Exception)}
    asked = {
        it: partial(place.listings.of, at.place, at.login) for it, at in placed.items() if at.reached(place.readable)
    }
    listings: Mapping[_Model, Listed | Exception] = in_time(asked, SECONDS)
    answers = {it: _answer(at, place, listings.get(it)) for it, at in placed.items()}
    return answers | {it: _unasked(it, why) for it, why in behind.items() if isinstance(why, Exception)}


def _unasked(model: _Model, why: Exception) -> _Answer:
    """What is known where the registry cannot be asked: nothing new."""
    late = SeldonInfraError(f"'{model.uri}': no answer within {SECONDS:g} s")
    return _Answer(late if isinstance(why, TimeoutError) else why, {"uri": model.uri})


def _answer(model: _Model, place: Place, there: Listed | Exception | None) -> _Answer:
    """Say what was found of a model, wherever it lies."""
    found = model.registered
    known_now = {"uri": model.uri, **({"source": found.place, "version": found.version} if found else {})}
    lost = unfetched(model.wanted, model.uri, found, model.stores) if found else come_late(model.wanted, model.uri)
    if lost:
        return _Answer(lost, known_now)
    if there is None:
        return _Answer(_NotAsked(f"'{shown(model.place)}' cannot be read from here"), known_now)
    if isinstance(there, TimeoutError):
        return _Answer(SeldonInfraError(f"'{shown(model.place)}': no answer within {SECONDS:g} s"), known_now)
    if isinstance(there, Exception):
        return _Answer(there, known_now)
    return _read(model, place, there, known_now)


def _read(model: _Model, place: Place, there: Listed, known_now: Mapping[str, str]) -> _Answer:
    """Read the files of a model, and hold them to its definition."""
    seen = {**known_now, "listing": there.digest}
    try:
        path = fetch_listed(there, cache_dir(), int(parse_quantity(place.target.judged_up_to) or 0))
        digest = digest_of(path)[0]
        findings = [*unlike(digest, model.digest), *_findings(model.wanted, path, place.project)]
    except LimitReached as error:
        larger = LimitReached(f"{error}, and judged_up_to is '{place.target.judged_up_to}'")
        return _Answer(larger, {**seen, "digest": by_listing(there)})
    except SeldonInfraError as error:
        return _Answer(error, known_now)
    problems = [finding.problem(model.wanted.path, shown(model.uri)) for finding in findings]
    return _Answer([*problems, *_unread(model, path), *_unmounted(model, there)], {**seen, "digest": digest})


def _findings(wanted: WantedModel, path: Path, project: Path) -> list[Finding]:
    kind = kind_of(wanted.server) if wanted.server else EXPLAINER
    hostile = judged(path, kind, wanted.trusted)
    return hostile + (unsigned(path, project / wanted.signed_by) if wanted.signed_by else [])


def _unread(model: _Model, path: Path) -> Iterator[Problem]:
    if model.wanted.server is not None:
        yield from unread(model.wanted.path, shown(model.uri), model.wanted.server, path)


def _unmounted(model: _Model, there: Listed) -> Iterator[Problem]:
    """A node mounts an image as it is; what ORAS or KitOps pushed has no folders of which a pod could see one."""
    if scheme_of(model.uri) == "oci" and any(item.packed != MODELS for item in there.items):
        got, want = f"model_uri '{model.uri}' is no image", "must be one with the model in its folder /models"
        yield Problem(model.wanted.path, got, want, "build it FROM scratch with COPY model /models, and push it")


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
    path = model.wanted.path
    if model.pinned and not pulumi.runtime.is_dry_run() and target.live_checks == "refuse":
        fix = "run it where the model can be read, or write live_checks='warn'"
        yield Problem(path, f"{model.pinned}: {why}", _WANT, fix)
    elif model.pinned:
        said = f"{model.pinned} is not verified here, which an up with live_checks='refuse' takes: {why}"
        pulumi.log.warn(f"{path}: {said}", subject())
    elif isinstance(why, ModelNotFound) and is_registered(model.wanted):
        pulumi.log.warn(f"{path}: {why}", subject())
    elif isinstance(why, ModelNotFound):
        got, fix = f"model_uri '{shown(model.uri)}' holds nothing", "upload the model, or correct the URI"
        pulumi.log.warn(str(Problem(path, got, "must lead to a model", fix)), subject())
    elif not isinstance(why, _NotAsked):
        pulumi.log.info(f"{path}: its model's files are not judged here: {why}", subject())
