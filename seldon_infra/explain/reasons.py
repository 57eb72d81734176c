"""What an explanation says, whatever made it: weights of features, an anchor, curves. Pure.

Alibi's methods, and this library's servers for SHAP and LIME, answer with one JSON text of ``meta`` and ``data``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from seldon_infra.core.errors import SeldonInfraError


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


Reasons: TypeAlias = Weights | Anchor | Curves


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
    label = int(_first(raw["prediction"]))
    answer = classes[label] if 0 <= label < len(classes) else str(label)
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
    grey = [[sum(point) / len(point) for point in line] for line in data["image"]]
    darkest, brightest = min(map(min, grey)), max(map(max, grey))
    image = [[(point - darkest) / ((brightest - darkest) or 1.0) for point in line] for line in grey]
    conditions = (
        [f"{len(chosen)} of its {len({segment for line in data['segments'] for segment in line})} parts"]
        if chosen
        else []
    )
    return Anchor(method, answer, conditions, precision, None, image=image, kept=kept)


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
