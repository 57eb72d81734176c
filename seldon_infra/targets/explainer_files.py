"""Which explainers were not fitted for the model that they would explain; looked at before anything is declared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seldon_infra.artifacts.digest import digest_of
from seldon_infra.core.errors import InvalidSpec, SeldonInfraError
from seldon_infra.core.model import known
from seldon_infra.core.problems import Problem
from seldon_infra.explain.card import read_card
from seldon_infra.graph.rules.place import InPredictor, nodes_in, predictors
from seldon_infra.graph.spec.explainers import ExplainerMethod

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from seldon_infra.explain.card import Card
    from seldon_infra.graph.spec import Explainer, SeldonDeployment


def unfit_explainers(deployment: SeldonDeployment, project: Path) -> Iterator[Problem]:
    """Give a problem for each explainer here that was fitted by another method, or for other files of the model."""
    for at in predictors(deployment):
        explainer = at.predictor.explainer
        uri = known(explainer.model_uri) if explainer else None
        if explainer is None or uri is None or ":" in uri:
            continue
        try:
            card = read_card(project / uri)
        except SeldonInfraError as error:
            yield from _unread(at, uri, error)
            continue
        yield from _unlike(at, explainer, uri, card)
        try:
            yield from _of_another_model(at, uri, card, project)
            yield from _of_other_files(at, explainer, uri, project)
        except SeldonInfraError:
            # What cannot be read is named by those who look at models.
            continue


def _unread(at: InPredictor, uri: str, error: SeldonInfraError) -> Iterator[Problem]:
    path = f"{at.path} → explainer"
    if isinstance(error, InvalidSpec):
        yield from (problem.within(path) for problem in error.problems)
        return
    fix = "fit it with seldon-infra explainer fit, or correct the path"
    yield Problem(path, f"model_uri '{uri}' holds no explainer.json", "must be a fitted explainer", fix)


def _unlike(at: InPredictor, explainer: Explainer, uri: str, card: Card) -> Iterator[Problem]:
    path = f"{at.path} → explainer"
    if card.kind != explainer.kind:
        got = f"type '{explainer.kind}', and '{uri}' was fitted as {card.kind}"
        yield Problem(path, got, "must be one method", f"write type='{card.kind}', or fit it anew")
    elif isinstance(explainer.type, str) and card.method.get("algorithm") == "tree":
        got = f"type '{card.kind}', and '{uri}' was fitted with algorithm 'tree'"
        fix = f"write type={card.kind}(algorithm='tree', background={card.method.get('background')})"
        yield Problem(path, got, "must say that it looks into the model", fix)
    elif isinstance(explainer.type, ExplainerMethod):
        said = explainer.type.model_dump(mode="json")
        for name in sorted(said):
            if said[name] != card.method.get(name):
                got = f"{name} {said[name]!r}, and '{uri}' was fitted with {card.method.get(name)!r}"
                fix = f"write {name}={card.method.get(name)!r}, or fit it anew"
                yield Problem(path, got, "must be what it was fitted with", fix)


def _of_other_files(at: InPredictor, explainer: Explainer, uri: str, project: Path) -> Iterator[Problem]:
    if explainer.model_digest is not None and (found := digest_of(project / uri)[0]) != explainer.model_digest:
        got, want = f"model_uri '{uri}' has the digest {found}", f"must be the model_digest {explainer.model_digest}"
        yield Problem(f"{at.path} → explainer", got, want, "pin what is there")


def _of_another_model(at: InPredictor, uri: str, card: Card, project: Path) -> Iterator[Problem]:
    """Compare with every model of the predictor: an explainer of a graph was fitted for one of its nodes."""
    found: dict[str, str] = {}
    for inner in nodes_in(at):
        model = known(inner.node.model_uri)
        if inner.node.model_digest is not None:
            found[inner.node.name] = str(known(inner.node.model_digest))
        elif model is None or ":" in model or not (project / model).exists():
            return  # a model that cannot be looked at here may be the one
        else:
            found[inner.node.name] = digest_of(project / model)[0]
    if found and card.model_digest not in found.values():
        now = ", ".join(f"'{name}' has {digest}" for name, digest in found.items())
        got = f"'{uri}' was fitted for a model with the digest {card.model_digest}, and {now}"
        fix = "fit it anew with seldon-infra explainer fit, for the model that is there"
        yield Problem(f"{at.path} → explainer", got, "must explain the model that answers", fix)
