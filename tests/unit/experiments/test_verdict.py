from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from seldon_infra.experiments import picture
from seldon_infra.experiments.evidence import Evidence, evidence_of
from seldon_infra.experiments.ledger import SECONDS, Record, Requests, Row
from seldon_infra.experiments.sequential import Moments
from seldon_infra.experiments.table import rows
from seldon_infra.experiments.verdict import judge
from tests.unit.experiments.test_ledger import TERMS

GUARDED = replace(TERMS, guardrails=({"metric": {"kind": "error_rate"}, "at_most": 0.01, "worse": "increase"},))
LATENCY = replace(TERMS, metric={"kind": "latency", "quantile": 0.9}, direction="decrease")
MEAN = replace(TERMS, metric={"kind": "outcome_mean", "low": 100.0, "high": 300.0})


def rate(count: int, hits: int) -> Moments:
    return Moments(count, hits, hits)


def outcomes(a: Moments, b: Moments, **more: object) -> Evidence:
    return Evidence(**{"at": 100.0, "users": (a.count, b.count), "outcomes": (a, b), **more})  # type: ignore[arg-type]


def requests(count: int, failed: int, seconds: float = 0.02) -> Requests:
    buckets = [0] * (len(SECONDS) + 1)
    buckets[next(index for index, bound in enumerate(SECONDS) if seconds <= bound)] = count
    return Requests(count, failed, buckets)


@pytest.mark.parametrize(
    ("evidence", "decision", "sentence"),
    [
        (
            outcomes(rate(99, 10), rate(100, 90)),
            "not yet",
            r"Not yet: a \('old'\) has 99 of 100 samples\.",
        ),
        (
            outcomes(rate(1000, 100), rate(1000, 200)),
            "better",
            r"b \('new'\) is better than a \('old'\): outcomes 10 % against 20 %, a difference of \+\S+ points to .*",
        ),
        (outcomes(rate(1000, 200), rate(1000, 100)), "worse", r"b \('new'\) is worse than .*"),
        (
            outcomes(rate(1000, 100), rate(1000, 105)),
            "open",
            r"No difference is seen so far: outcomes 10 % against 10\.5 %, a difference of -\S+ points to \+.*",
        ),
        (
            outcomes(rate(12000, 1200), rate(9000, 1800)),
            "mismatch",
            r"Do not trust it: 12000 users in a and 9000 in b cannot well be a split of 50 to 50; look for .*",
        ),
        (outcomes(Moments(), Moments()), "not yet", "Not yet: a .* has 0 of 100 samples, b .* has 0 of 100 samples."),
    ],
)
def test_an_experiment_says_one_sentence(evidence: Evidence, decision: str, sentence: str) -> None:
    verdict = judge(TERMS, [evidence])
    assert verdict.decision == decision
    assert re.fullmatch(sentence, verdict.sentence), verdict.sentence


def test_better_is_what_the_direction_says() -> None:
    fewer = replace(TERMS, direction="decrease")
    assert judge(fewer, [outcomes(rate(1000, 200), rate(1000, 100))]).decision == "better"
    assert judge(fewer, [outcomes(rate(1000, 100), rate(1000, 200))]).decision == "worse"


def test_a_guardrail_stops_before_there_are_enough_samples_and_says_why() -> None:
    evidence = outcomes(rate(10, 5), rate(10, 5), requests=(requests(500, 0), requests(500, 100)))
    verdict = judge(GUARDED, [evidence])
    assert verdict.decision == "stop"
    assert re.fullmatch(
        r"Stop: b \('new'\) is worse than a \('old'\) in failed requests, a difference of \S+ points to \S+ points, "
        r"of which the guardrail allows 1 points\.",
        verdict.sentence,
    )


@pytest.mark.parametrize("failed", [0, 5])
def test_a_guardrail_that_is_not_surely_broken_stops_nothing(failed: int) -> None:
    evidence = outcomes(rate(10, 5), rate(10, 5), requests=(requests(500, 0), requests(500, failed)))
    assert judge(GUARDED, [evidence]).decision == "not yet"


def test_a_guardrail_may_watch_what_falls() -> None:
    guard = {"metric": {"kind": "outcome_rate"}, "at_most": 0.02, "worse": "decrease"}
    watched = replace(TERMS, metric={"kind": "error_rate"}, direction="decrease", guardrails=(guard,))
    assert judge(watched, [outcomes(rate(1000, 300), rate(1000, 100))]).decision == "stop"
    assert judge(watched, [outcomes(rate(1000, 100), rate(1000, 300))]).decision == "not yet"


def test_latency_is_compared_by_its_quantile() -> None:
    slow = outcomes(Moments(), Moments(), users=(1, 1), requests=(requests(1000, 0, 0.02), requests(1000, 0, 0.2)))
    verdict = judge(LATENCY, [slow])
    assert verdict.decision == "worse"
    assert verdict.measure.name == "p90 in seconds"
    assert verdict.measure.effect.low > 0


def test_a_mean_is_judged_on_the_scale_of_its_range() -> None:
    a, b = Moments(500, 500 * 150, 500 * 150**2 + 500 * 900), Moments(500, 500 * 170, 500 * 170**2 + 500 * 900)
    measure = judge(MEAN, [outcomes(a, b)]).measure
    assert math.isclose(measure.effect.effect, 20.0)
    assert 0 < measure.effect.low < 20 < measure.effect.high < 40


@pytest.mark.parametrize(("share", "users"), [(0.0, (10, 1)), (1.0, (1, 10))])
def test_who_is_where_nobody_should_be_is_a_mismatch(share: float, users: tuple[int, int]) -> None:
    terms = replace(TERMS, share_b=share)
    assert judge(terms, [Evidence(0.0, users=users)]).decision == "mismatch"
    assert judge(terms, [Evidence(0.0, users=(10, 0) if share == 0 else (0, 10))]).decision == "not yet"


def test_where_nobody_counts_users_there_is_no_mismatch() -> None:
    verdict = judge(TERMS, [outcomes(rate(9000, 1), rate(1, 1), users=None)])
    assert not verdict.mismatch
    assert not any(row[0] == "users" for row in rows(verdict))


def record(*outcomes: Row) -> Record:
    exposures = [Row(row.arm, row.at) for row in outcomes]
    return Record(TERMS, 100.0, exposures, outcomes, [Row(0, 150.0, requests=requests(3, 1))])


def test_a_record_is_summed_up_over_time_the_last_with_everything() -> None:
    found = evidence_of(record(*[Row(at % 2, 100.0 + at, 1.0) for at in range(100)]), looks=10)
    assert [each.outcomes[0].count for each in found] == sorted(each.outcomes[0].count for each in found)
    assert (found[-1].users, found[-1].outcomes[1], found[-1].requests[0].failed) == ((50, 50), Moments(50, 50, 50), 1)
    assert found[0].users < found[-1].users


def test_a_clock_that_is_put_back_moves_no_result() -> None:
    found = evidence_of(record(Row(0, 200.0, 1.0), Row(0, 50.0, 0.0), Row(1, 210.0, 1.0)), looks=10)
    assert found[-1].outcomes == (Moments(2, 1, 1), Moments(1, 1, 1))
    assert [each.at for each in found] == sorted(each.at for each in found)


def test_a_record_of_nothing_can_be_judged_and_drawn() -> None:
    verdict = judge(TERMS, evidence_of(Record(TERMS, 100.0, [], [], [])))
    assert verdict.decision == "not yet"
    assert verdict.path == ()
    assert "nothing can be said yet" in picture.svg(verdict)


def drawn() -> str:
    path = [outcomes(rate(n, n // 10), rate(n, n // 7), at=1_700_000_000.0 + 60 * n) for n in range(100, 3000, 100)]
    return picture.svg(judge(replace(TERMS, name="<trees> & co"), path))


def test_the_picture_is_well_formed_and_says_what_it_shows() -> None:
    root = ET.fromstring(drawn())
    texts = [each.text for each in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "<trees> & co" in texts
    assert "outcomes: new less old, over time" in texts
    assert next(root.iter("{http://www.w3.org/2000/svg}desc")).text.startswith("b ('new') is better")  # type: ignore[union-attr]


def test_the_picture_stays_inside_its_frame() -> None:
    for points in re.findall(r'points="([^"]+)"', drawn()):
        for point in points.split():
            x, y = map(float, point.split(","))
            assert 0 <= x <= 900
            assert 84 <= y <= 384


def test_the_page_holds_the_sentence_the_table_and_the_picture() -> None:
    verdict = judge(GUARDED, [outcomes(rate(1000, 100), rate(1000, 200))])
    page = picture.html(verdict)
    assert verdict.sentence.replace("'", "&#x27;") in page
    assert page.count("<tr>") == len(rows(verdict))
    assert "<svg" in page
