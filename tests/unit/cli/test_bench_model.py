"""What a measured load comes to, and how it is printed and drawn."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest

from seldon_infra.cli import bench_curve, bench_model
from seldon_infra.cli.load import Result
from seldon_infra.cli.main import main
from seldon_infra.cli.measured import Measured, Spent, measured
from seldon_infra.ingress.routes import Backend, Route

STATISTICS = {
    "model_stats": [
        {
            "name": "m",
            "version": version,
            "inference_stats": {
                "success": {"count": 2, "ns": 9_000_000},
                "fail": {"count": 1, "ns": 5},
                "queue": {"count": 2, "ns": 4_000_000},
                "compute_input": {"count": 2, "ns": 500_000},
                "compute_infer": {"count": 2, "ns": 1_000_000},
                "compute_output": {"count": 2, "ns": 500_000},
            },
        }
        for version in ("1", "2")
    ]
}
BACKENDS = [Backend("main", 90, False, "127.0.0.1:1", "127.0.0.1:2"), Backend("new", 10, False, "x:3", "x:4")]
ROUTE = Route("ns", "digits", "v2", [*BACKENDS, Backend("copy", 100, True, "x:5", "x:6")], ["digits"])


def result(*milliseconds: float, failures: tuple[str, ...] = ()) -> Result:
    return Result(1.0, [each / 1000 for each in milliseconds], list(failures))


def row(batch: int = 1, connections: int = 1, **changes: float) -> Measured:
    spent = Spent(2, 4_000_000, 2_000_000)
    made = measured(batch, connections, result(10, 10), result(8, 8), spent)
    return made if not changes else Measured(**{**made.__dict__, **changes})


def test_all_versions_of_a_model_are_counted_together() -> None:
    assert Spent.of(STATISTICS) == Spent(4, 8_000_000, 4_000_000)
    assert Spent.of({}) == Spent()


def test_the_parts_of_a_load_add_up_to_its_average() -> None:
    made = row()
    assert (made.queue, made.compute, made.server, made.gateway) == pytest.approx((2, 1, 5, 2))
    assert made.requests_per_second == 2


def test_a_server_that_is_no_triton_has_no_queue() -> None:
    made = measured(1, 1, result(3), result(2), Spent())
    assert (made.queue, made.compute, made.server, made.gateway) == pytest.approx((None, None, 2, 1))


def test_noise_makes_no_part_negative() -> None:
    made = measured(1, 1, result(1), result(2), Spent(1, 9_000_000, 0))
    assert (made.server, made.gateway) == (0, 0)


def test_failures_are_counted_by_their_words() -> None:
    made = measured(1, 1, result(failures=("status 500",) * 2), result(failures=("status 500",)), Spent())
    assert made.failures == {"status 500": 3}
    assert "failed: status 500 (3 times)" in bench_model._table(ROUTE, [made])


def test_the_table_says_whose_the_parts_are_where_several_predictors_answer() -> None:
    text = bench_model._table(ROUTE, [row(8, 4)])
    assert "requests go to main 90 %, new 10 %; the parts are main's" in text
    assert text.splitlines()[-1].split() == ["8", "4", "2", "16", "10.00", "10.00", "2.00", "1.00", "5.00", "2.00"]


def test_json_holds_what_the_table_shows() -> None:
    found = json.loads(bench_model._json(ROUTE, [row()]))
    assert found["deployment"] == "digits"
    assert found["loads"][0]["queue"] == pytest.approx(2)


def test_the_picture_has_a_line_per_batch_a_dot_per_load_and_a_bar_per_load() -> None:
    rows = [row(batch, connections) for batch in (1, 8) for connections in (1, 2, 4)]
    text = bench_curve.document("a<b", rows)
    tree = ElementTree.fromstring(text)
    kinds = [it.get("class") for it in tree.iter()]
    assert len([it for it in tree.iter() if it.tag.endswith("polyline")]) == 2
    assert kinds.count("dot") == 6
    assert kinds.count("gateway") == 6 + 1  # and the key's
    assert "a&lt;b" in text


def test_a_load_without_a_good_answer_is_drawn_as_that() -> None:
    text = bench_curve.document("digits", [measured(1, 1, result(), result(), Spent())])
    assert "no request got a good answer" in text


@pytest.mark.parametrize(("value", "end"), [(3.9, 4), (4.1, 8), (366, 400), (97, 100), (133, 200), (0.03, 0.04)])
def test_an_axis_ends_at_a_round_number(value: float, end: float) -> None:
    assert bench_curve._round(value) == pytest.approx(end)


@pytest.mark.parametrize("given", ["0", "a", "1,-2", ""])
def test_counts_that_are_none_are_refused(given: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["bench-model", "digits", "--batches", given])
    assert "must be whole numbers of 1 or more" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--connections", "1,300"], "--connections 300: must be at most 256"),
        (["--batches", "5000"], "--batches 5000: must be at most 4096"),
        (["--seconds", "61"], "--seconds 61: must be at most 60"),
        (["--seconds", "0"], "--seconds 0: must be more than 0"),
    ],
)
def test_a_load_is_bounded(words: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench-model", "digits", *words]) == 2
    assert says in capsys.readouterr().err


def test_the_heaviest_predictor_is_no_shadow() -> None:
    assert bench_model.heaviest(ROUTE).name == "main"
