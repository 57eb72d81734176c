"""An experiment's measures as rows, for a terminal and a page."""

from __future__ import annotations

from collections.abc import Sequence

from seldon_infra.experiments.verdict import Measure, Verdict


def rows(verdict: Verdict) -> list[Sequence[str]]:
    """Give the head, then a row for users, the metric that decides, and each guardrail."""
    a, b = verdict.terms.arms
    found: list[Sequence[str]] = [("", f"a: {a}", f"b: {b}", "b less a", "samples a, b", "")]
    if verdict.now.users is not None:
        share = f"split {100 - 100 * verdict.terms.share_b:g} to {100 * verdict.terms.share_b:g}"
        users = [str(count) for count in verdict.now.users]
        found.append(("users", *users, "", "", f"{share}: MISMATCH" if verdict.mismatch else share))
    found.append(_row(verdict.measure, f"decides: {verdict.terms.direction}"))
    for guard in verdict.guards:
        state = "BROKEN" if guard.broken else "not broken"
        found.append(_row(guard.measure, f"guardrail of {guard.measure.distance(guard.at_most)}: {state}"))
    return found


def _row(measure: Measure, note: str) -> Sequence[str]:
    values = [
        measure.text(value) if count else "-" for value, count in zip(measure.values, measure.samples, strict=True)
    ]
    interval = measure.interval() if all(measure.samples) else "-"
    return (measure.name, *values, interval, f"{measure.samples[0]}, {measure.samples[1]}", note)
