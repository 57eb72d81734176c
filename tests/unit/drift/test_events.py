"""What is read from the engine's events."""

from __future__ import annotations

from seldon_infra.core.changes import Action
from seldon_infra.core.problems import HIDDEN
from seldon_infra.drift.events import SECRET, SIGNATURE, path_of, told
from tests.unit.drift.steps import event, urn

PROCESS = "seldon:local:Process"


def test_a_replacement_is_one_step_whatever_its_parts_and_the_refresh_before_it_say() -> None:
    detailed = {'files["a.py"]': {"diffKind": "update-replace"}, "live": {"diffKind": "update"}}
    events = [
        event("refresh", PROCESS, "p", {"name": "old"}, {"name": "old"}),
        event("create-replacement", PROCESS, "p", {"name": "old"}, {"name": "new"}),
        event("replace", PROCESS, "p", {"name": "old"}, {"name": "new"}, detailedDiff=detailed),
        event("delete-replaced", PROCESS, "p", {"name": "old"}),
    ]
    (step,) = told(events).steps.values()
    assert (step.action, step.old, step.new) == (Action.REPLACE, {"name": "old"}, {"name": "new"})
    assert step.replace_keys == ('files["a.py"]',)


def test_a_provider_that_names_only_properties_is_understood() -> None:
    (step,) = told(
        [event("replace", PROCESS, "p", {}, {}, keys=["metadata"], diffs=["metadata", "spec"])]
    ).steps.values()
    assert (step.engine_paths, step.replace_keys) == (("metadata", "spec"), ("metadata",))


def test_stacks_components_and_providers_are_no_objects() -> None:
    component = event("update", "seldon:index:SeldonDeployment", "d", {}, {})
    component["resOutputsEvent"]["metadata"]["new"]["custom"] = False
    component["resOutputsEvent"]["metadata"]["old"]["custom"] = False
    assert told([component, event("update", "pulumi:providers:kubernetes", "cluster", {}, {})]).steps == {}


def test_what_a_program_only_looks_up_is_no_object_of_the_stacks() -> None:
    looked_up = [
        event("refresh", "kubernetes:core/v1:Service", "s", {}, {}),
        event("read", "kubernetes:core/v1:Service", "s", {}, {}),
    ]
    assert told(looked_up).steps == {}


def test_the_engines_own_numbers_are_kept() -> None:
    changes = {"create": 51, "same": 3, "read": 1, "replace": 2, "create-replacement": 2, "delete-replaced": 2}
    heard = told([{"summaryEvent": {"resourceChanges": changes}}])
    assert heard.counted == {Action.CREATE: 51, Action.REPLACE: 2}


def test_what_is_under_way_is_known_until_it_ends() -> None:
    begun = {"resourcePreEvent": {"metadata": {"urn": urn(PROCESS, "p")}}}
    assert told([begun]).begun == {urn(PROCESS, "p")}
    assert told([begun, event("same", PROCESS, "p", {}, {})]).begun == set()
    assert told([begun, {"resOpFailedEvent": {"metadata": {"urn": urn(PROCESS, "p")}}}]).begun == set()


def test_each_error_and_warning_is_heard_once_and_nothing_else() -> None:
    said = [("error", "no\n"), ("error", "no"), ("warning", "hm"), ("debug", "x"), ("error", " ")]
    events = [{"diagnosticEvent": {"severity": severity, "message": text}} for severity, text in said]
    heard = told([*events, {"somethingNew": {}}])
    assert (heard.errors, heard.warnings) == (["no"], ["hm"])


def test_what_the_engine_has_left_of_a_secret_is_a_mark() -> None:
    secret = {SIGNATURE: SECRET, "ciphertext": "[secret]", "plaintext": "hunter2"}
    (step,) = told([event("update", PROCESS, "p", {"a": [{"b": secret}]}, {"a": secret})]).steps.values()
    assert (step.old, step.new) == ({"a": [{"b": HIDDEN}]}, {"a": HIDDEN})


def test_the_engines_paths_are_read() -> None:
    assert path_of("metadata") == ("metadata",)
    assert path_of('files["serve.py"]') == ("files", "serve.py")
    assert path_of('a[0]["b.c"].d') == ("a", 0, "b.c", "d")
