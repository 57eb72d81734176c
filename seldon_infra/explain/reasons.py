"""What an explanation says, whatever made it: weights of features, an anchor, curves, another row. Pure.

Alibi's methods, and this library's servers for SHAP and LIME, answer with one JSON text of ``meta`` and ``data``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

from seldon_infra.core.errors import SeldonInfraError

Says: TypeAlias = Literal["instead", "enough"]


class NotExplained(SeldonInfraError):
    """What came back is no explanation that can be read."""


@dataclass(frozen=True)
class Weight:
    """What one feature does to an answer."""

    feature: str
    """Its name, or the condition that holds for it."""
    value: str
    """What the row has there; empty where the condition says it."""
    weight: float
    """How far it moves the answer, in the answer's own terms."""


@dataclass(frozen=True)
class Weights:
    """An answer as a sum over features."""

    method: str
    answer: str
    """The class that is explained; empty for a number."""
    base: float
    """What would be answered to a row of which nothing is known."""
    total: float
    """What was answered."""
    weights: Sequence[Weight]
    """Largest first."""
    adds_up: bool = True
    """Whether the weights lead from the base to what was answered; those of a local model need not."""
    image: Sequence[Sequence[float]] = ()
    """Brightness of an image's points, from 0 to 1, where the row is one."""
    points: Sequence[Sequence[float]] = ()
    """What each of its points adds, all colours of it together."""


@dataclass(frozen=True)
class Anchor:
    """Conditions that hold an answer where it is."""

    method: str
    answer: str
    conditions: Sequence[str]
    precision: float
    """Share of rows with these conditions that get the same answer."""
    coverage: float | None
    """Share of rows that have these conditions; None where nobody can say."""
    text: str = ""
    """The text, whose words the conditions are."""
    spans: Sequence[tuple[int, int]] = ()
    """Where the words stand in it."""
    image: Sequence[Sequence[float]] = ()
    """Brightness of an image's points, from 0 to 1."""
    kept: Sequence[Sequence[bool]] = ()
    """Which of its points belong to the anchor."""


@dataclass(frozen=True)
class Curve:
    """How an answer moves with one feature."""

    feature: str
    points: Sequence[tuple[float, float]]
    at: float | None
    """What the row has there."""


@dataclass(frozen=True)
class Curves:
    """How an answer moves with each feature, over all rows."""

    method: str
    answer: str
    curves: Sequence[Curve]


@dataclass(frozen=True)
class Change:
    """One feature of another row."""

    feature: str
    before: float
    """What the row has there, or the middle of the reference rows."""
    after: float
    """What the other row has."""


@dataclass(frozen=True)
class Contrast:
    """Another row beside the one that is explained."""

    method: str
    answer: str
    """What is answered to the row."""
    says: Says
    """Whether the other row is one with another answer, or one that says less and has the same."""
    other: str | None
    """What is answered to the other row; None where no such row was found."""
    changes: Sequence[Change]
    """Where it differs, from the row for ``instead``, from the middle of the reference rows for ``enough``."""
    kept: int
    """How many features it has unchanged."""


Reasons: TypeAlias = Weights | Anchor | Curves | Contrast


def reasons_of(explanation: Mapping[str, Any], classes: Sequence[str] = ()) -> Reasons:
    """Read an explanation.

    Args:
        explanation: what the explainer answered.
        classes: names of the answers, in the model's order; none where it answers a number.

    Raises:
        NotExplained: it is of no form that is known here.
    """
    try:
        method, data = str(explanation["meta"]["name"]), explanation["data"]
        if "shap_values" in data:
            return _shapley(method, data, classes)
        if "weights" in data:
            return _local_model(method, data, classes)
        if "ale_values" in data:
            return _curves(method, data, classes)
        if "anchor" in data:
            return _anchor(method, data, classes)
        if "attributions" in data:
            return _gradients(method, data, classes)
        if "cf" in data:
            return _counterfactual(method, data, classes)
        if "PN" in data:
            return _contrastive(method, data, classes)
    except (LookupError, TypeError, ValueError) as error:
        raise NotExplained(f"the explanation lacks what its method gives: {type(error).__name__}: {error}") from None
    raise NotExplained(f"an explanation of {method} cannot be shown here; --json prints it")


def sentences(reasons: Reasons, most: int = 5) -> list[str]:
    """Say the main reasons in words, one a line."""
    match reasons:
        case Weights(weights=weights):
            head = f"{_subject(reasons.answer)} {_number(reasons.total)}, {_number(reasons.base)} of an unknown row"
            return [head, *(f"{each.weight:+.3f}  {_named(each)}" for each in weights[:most])]
        case Anchor(conditions=conditions):
            held = " and ".join(conditions) or "nothing of the row in particular"
            share = f"{reasons.precision:.1%} of such rows get that answer"
            rare = "" if reasons.coverage is None else f", and {reasons.coverage:.1%} of all rows are such"
            return [f"{_subject(reasons.answer)} holds for {held}", f"{share}{rare}"]
        case Curves(curves=curves):
            head = f"{_subject(reasons.answer)} moves with each feature, over all reference rows, by at most"
            return [
                head,
                *(f"{_span(each):.3f}  {each.feature}" for each in sorted(curves, key=_span, reverse=True)[:most]),
            ]
        case Contrast(changes=changes):
            said = [f"{each.feature} {_number(each.after)} instead of {_number(each.before)}" for each in changes]
            return [contrast_head(reasons), *said[:most]]


def contrast_head(reasons: Contrast) -> str:
    """Say what another row shows."""
    subject = _subject(reasons.answer)
    match reasons:
        case Contrast(other=None, says="instead"):
            return f"{subject}: no row with another answer was found; max_iterations, c_init or eps may lead farther"
        case Contrast(other=None):
            return f"{subject}: nothing that is enough was found; max_iterations, c_init or eps may lead farther"
        case Contrast(says="instead"):
            return f"{subject} would be {_subject(reasons.other or '')} with"
        case Contrast(changes=[]):
            return f"{subject} is what a middle row gets; nothing of the row is needed"
        case _:
            return f"{subject} is what a middle row gets with"


def _shapley(method: str, data: Mapping[str, Any], classes: Sequence[str]) -> Weights:
    at, answer = _answered(data["raw"].get("raw_prediction"), len(data["shap_values"]), classes)
    row, values = data["raw"]["instances"][0], data["shap_values"][at][0]
    expected = data["expected_value"]
    base = float(expected[at] if isinstance(expected, list) else expected)
    weights = [Weight(name, _number(row[i]), float(values[i])) for i, name in enumerate(data["feature_names"])]
    total = base + sum(each.weight for each in weights)
    return Weights(method, answer, base, total, _largest_first(weights))


def _local_model(method: str, data: Mapping[str, Any], classes: Sequence[str]) -> Weights:
    at, answer = _answered(data["raw"]["raw_prediction"], len(data["weights"]), classes)
    raw, rules = data["raw"]["raw_prediction"][0], data["rules"]
    weights = [Weight(rules[str(index)], "", float(weight)) for index, weight in data["weights"][at]]
    return Weights(method, answer, float(data["intercept"][at]), float(raw[at]), _largest_first(weights), adds_up=False)


def _curves(method: str, data: Mapping[str, Any], classes: Sequence[str]) -> Curves:
    last = len(data["ale_values"][0][0]) - 1
    # Of two classes the second is the one that is asked about; of more, the first stands for all.
    at = last if last <= 1 else 0
    row = data.get("row")
    curves = []
    for index, name in enumerate(data["feature_names"]):
        pairs = zip(data["feature_values"][index], data["ale_values"][index], strict=True)
        points = [(float(x), float(values[at])) for x, values in pairs]
        curves.append(Curve(str(name), points, float(row[index]) if row else None))
    return Curves(method, classes[at] if at < len(classes) else "", curves)


def _anchor(method: str, data: Mapping[str, Any], classes: Sequence[str]) -> Anchor:
    raw = data["raw"]
    answer = _class(raw["prediction"], classes)
    precision = float(_first(data["precision"]))
    if "segments" in data:
        return _image_anchor(method, answer, precision, data)
    conditions = [str(each) for each in data["anchor"]]
    coverage = float(_first(data["coverage"]))
    if isinstance(raw.get("instance"), str):
        spans = [(at, at + len(word)) for at, word in zip(raw.get("positions", ()), conditions, strict=False)]
        return Anchor(method, answer, [f"'{each}'" for each in conditions], precision, coverage, raw["instance"], spans)
    return Anchor(method, answer, conditions, precision, coverage)


def _image_anchor(method: str, answer: str, precision: float, data: Mapping[str, Any]) -> Anchor:
    chosen = set(data["raw"]["feature"])
    kept = [[segment in chosen for segment in line] for line in data["segments"]]
    image = _brightness(data["image"])
    conditions = (
        [f"{len(chosen)} of its {len({segment for line in data['segments'] for segment in line})} parts"]
        if chosen
        else []
    )
    return Anchor(method, answer, conditions, precision, None, image=image, kept=kept)


def _gradients(method: str, data: Mapping[str, Any], classes: Sequence[str]) -> Weights:
    at, answer = _answered(data["predictions"], len(data["predictions"][0]), classes)
    row, values = _flat(data["X"][0]), _flat(data["attributions"][0][0])
    names = data["feature_names"]
    weights = [Weight(name, _number(x), x_adds) for name, x, x_adds in zip(names, row, values, strict=True)]
    total = float(data["predictions"][0][at])
    found = Weights(method, answer, total - sum(values), total, _largest_first(weights))
    if not _is_image(data["X"][0]):
        return found
    points = [[sum(_flat([point])) for point in line] for line in data["attributions"][0][0]]
    return replace(found, image=_brightness(data["X"][0]), points=points)


def _is_image(row: Any) -> bool:
    """Say whether a row has lines and columns, of numbers or of colours."""
    sizes = []
    while isinstance(row, list):
        sizes.append(len(row))
        row = row[0]
    return len(sizes) in (2, 3) and min(sizes[:2]) > 1


def _brightness(image: Any) -> list[list[float]]:
    """Give an image's points as greys, the darkest 0 and the brightest 1."""
    grey = [[sum(colours) / len(colours) for colours in (_flat([point]) for point in line)] for line in image]
    darkest, brightest = min(map(min, grey)), max(map(max, grey))
    return [[(point - darkest) / ((brightest - darkest) or 1.0) for point in line] for line in grey]


def _counterfactual(method: str, data: Mapping[str, Any], classes: Sequence[str]) -> Contrast:
    answer, found = _class(data["orig_class"], classes), data["cf"]
    if found is None:
        return Contrast(method, answer, "instead", None, (), 0)
    return _contrast(method, answer, "instead", _class(found["class"], classes), data["X"][0], found["X"][0], data)


def _contrastive(method: str, data: Mapping[str, Any], classes: Sequence[str]) -> Contrast:
    answer = _class(data["X_pred"], classes)
    says: Says = "enough" if data["mode"] == "PP" else "instead"
    name, before = ("PP", data["no_info"][0]) if says == "enough" else ("PN", data["X"][0])
    if data[name] is None:
        return Contrast(method, answer, says, None, (), 0)
    return _contrast(method, answer, says, _class(data[f"{name}_pred"], classes), before, data[name][0], data)


def _contrast(
    method: str,
    answer: str,
    says: Says,
    other: str,
    before: Sequence[float],
    after: Sequence[float],
    data: Mapping[str, Any],
) -> Contrast:
    pairs = zip(data["feature_names"], before, after, strict=True)
    all_of_it = [Change(str(name), float(old), float(new)) for name, old, new in pairs]
    # The search works in single precision, so that what it leaves alone comes back a little off.
    changes = [each for each in all_of_it if not math.isclose(each.before, each.after, rel_tol=1e-3, abs_tol=1e-5)]
    return Contrast(method, answer, says, other, changes, len(all_of_it) - len(changes))


def _class(label: Any, classes: Sequence[str]) -> str:
    at = int(_first(label))
    return classes[at] if 0 <= at < len(classes) else str(at)


def _flat(value: Any) -> list[float]:
    return [number for each in value for number in _flat(each)] if isinstance(value, list) else [float(value)]


def _answered(raw: Any, answers: int, classes: Sequence[str]) -> tuple[int, str]:
    """Say which of the model's answers is explained: the class that it gives, or its one number."""
    if answers == 1:
        return 0, classes[1] if len(classes) == 2 else ""
    row = raw[0]
    at = max(range(answers), key=lambda index: float(row[index]))
    return at, classes[at] if at < len(classes) else str(at)


def _largest_first(weights: Sequence[Weight]) -> list[Weight]:
    return sorted(weights, key=lambda each: abs(each.weight), reverse=True)


def _first(value: Any) -> Any:
    return _first(value[0]) if isinstance(value, list) else value


def _subject(answer: str) -> str:
    return f"'{answer}'" if answer else "the answer"


def _named(weight: Weight) -> str:
    return f"{weight.feature} = {weight.value}" if weight.value else weight.feature


def _span(curve: Curve) -> float:
    heights = [height for _, height in curve.points]
    return max(heights) - min(heights)


def _number(value: float) -> str:
    return f"{value:.4g}"
