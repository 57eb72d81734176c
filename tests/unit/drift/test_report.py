"""The three forms of a drift report."""

from __future__ import annotations

import json

from seldon_infra.core.changes import Action, Change
from seldon_infra.drift.collect import Difference, Drift, Drifted, Pending
from seldon_infra.drift.objects import Subject
from seldon_infra.drift.owners import Manager
from seldon_infra.drift.report import FORMATS, sides

IRIS = Subject("SeldonDeployment", "iris", "models", "machinelearning.seldon.io/v1", "urn:iris")
TRAFFIC = Change(("spec", "predictors", 0, "traffic"), 90, 60)
SOMEBODY = Manager("somebody", "Update", "2026-01-02T03:04:05Z")
OPERATOR = Manager("manager", "Update", "2026-01-02T03:04:05Z")
DRIFT = Drift(
    "prod",
    (Drifted(IRIS, "changed", (Difference(TRAFFIC, SOMEBODY),)), Drifted(Subject("Route", "d"), "gone")),
    ((IRIS, Difference(Change(("spec", "a"), 1, "x|y"), OPERATOR)),),
    (Pending(IRIS, Action.UPDATE, (Change(("spec", "replicas"), 1, 2),)),),
    ("who changed Service x is not known",),
)
TABLE = """\
stack 'prod': 2 objects not as applied

SeldonDeployment models/iris: changed
  FIELD                       APPLIED  THERE  LAST SET BY
  spec.predictors[0].traffic  90       60     somebody, 2026-01-02T03:04:05Z

Route d: gone, somebody deleted it

no drift, for it is an operator's work:
  SeldonDeployment models/iris: spec.a 1 → "x|y", by an operator, such as Seldon's (manager, 2026-01-02T03:04:05Z)

declared and not applied, which is no drift: 1 object
  SeldonDeployment models/iris: update, spec.replicas 1 → 2

`pulumi up --refresh --stack prod` makes it as declared; what should stay, declare.
"""
KEYS = {
    "": ["drifted", "notes", "objects", "owned", "pending", "stack"],
    "objects": ["fields", "kind", "last_changed_by", "name", "namespace", "object", "state", "urn", "what"],
    "owned": [
        "applied",
        "field",
        "kind",
        "manager",
        "name",
        "namespace",
        "object",
        "operation",
        "there",
        "time",
        "urn",
    ],
    "pending": ["action", "fields", "kind", "name", "namespace", "object", "urn"],
}
"""The form that programs read; what stands here stays."""


def test_the_table_shows_every_part() -> None:
    assert FORMATS["table"](DRIFT) == TABLE


def test_the_json_form_has_the_fields_that_programs_read() -> None:
    found = json.loads(FORMATS["json"](DRIFT))
    assert sorted(found) == KEYS[""]
    for part in ("objects", "owned", "pending"):
        assert sorted(found[part][0]) == KEYS[part]
    (field,) = found["objects"][0]["fields"]
    assert sorted(field) == ["applied", "field", "manager", "operation", "there", "time"]
    assert sorted(found["pending"][0]["fields"][0]) == ["applied", "declared", "field"]
    assert found["drifted"] is True


def test_markdown_holds_a_row_per_field_and_object() -> None:
    text = FORMATS["markdown"](DRIFT)
    row = "| SeldonDeployment models/iris | spec.predictors[0].traffic | 90 | 60 | somebody, 2026-01-02T03:04:05Z |"
    assert row in text.splitlines()
    assert "| Route d |  | is there | gone, somebody deleted it | not recorded |" in text.splitlines()


def test_nothing_is_said_in_one_line() -> None:
    assert FORMATS["table"](Drift("prod")) == "stack 'prod': no drift\n"
    assert FORMATS["markdown"](Drift("prod")) == "**stack 'prod': no drift**\n"
    assert json.loads(FORMATS["json"](Drift("prod")))["drifted"] is False


def test_of_a_long_text_the_first_line_that_differs_is_shown() -> None:
    assert sides(Change(("files", "a"), "1\n2\n3", "1\n5\n3")) == ('line 2: "2"', 'line 2: "5"')
    assert sides(Change(("files", "a"), "1\n2", "1\n2\n3")) == ("line 3: ends", 'line 3: "3"')


def test_a_long_value_is_cut() -> None:
    old, _ = sides(Change(("a",), "x" * 100, ""))
    assert len(old) == 60
    assert old.endswith("…")
