"""Who manages a field, as an API server records it."""

from __future__ import annotations

from typing import Any

import pytest

from seldon_infra.core.changes import Named, Path
from seldon_infra.drift.owners import last_manager, last_writer

PORT = 'k:{"containerPort":80,"protocol":"TCP"}'


def entry(name: str, fields: Any, time: str = "2026-01-01T00:00:00Z", **more: str) -> dict[str, Any]:
    return {"manager": name, "operation": "Update", "time": time, "fieldsV1": fields, **more}


LIVE: dict[str, Any] = {
    "metadata": {
        "finalizers": ["x/y"],
        "managedFields": [
            entry("applier", {"f:spec": {"f:predictors": {}, "f:template": {"f:spec": {"f:containers": {
                'k:{"name":"server"}': {".": {}, "f:image": {}, "f:ports": {".": {}, PORT: {".": {}, "f:name": {}}}},
            }}}}}),
            entry("somebody", {"f:spec": {"f:predictors": {}}}, "2026-02-01T00:00:00Z"),
            entry("autoscaler", {"f:spec": {"f:replicas": {}}}, subresource="scale"),
            entry("guard", {"f:metadata": {"f:finalizers": {".": {}, 'v:"x/y"': {}}}}),
            entry("manager", {"f:status": {"f:state": {}}}, "2026-03-01T00:00:00Z", subresource="status"),
        ],
    },
    "spec": {
        "replicas": 3,
        "predictors": [{"name": "main", "traffic": 60}],
        "template": {"spec": {"containers": [
            {"name": "side"}, {"name": "server", "image": "a:1", "ports": [{"containerPort": 80, "protocol": "TCP"}]},
        ]}},
    },
}  # fmt: skip
CONTAINER: Path = ("spec", "template", "spec", "containers", Named("server"))


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (("spec", "predictors", Named("main"), "traffic"), "somebody"),  # a list that is managed as a whole
        (("spec", "replicas"), "autoscaler"),
        ((*CONTAINER, "image"), "applier"),
        ((*CONTAINER, "ports", 0, "name"), "applier"),
        ((*CONTAINER[:-1], 1, "image"), "applier"),
        (("metadata", "finalizers", 0), "guard"),
    ],
)
def test_the_last_manager_of_a_field_is_found(path: Path, name: str) -> None:
    manager = last_manager(LIVE, path)
    assert manager is not None
    assert manager.name == name


@pytest.mark.parametrize(
    "path",
    [
        ("spec", "protocol"),
        (*CONTAINER, "command"),
        (*CONTAINER[:-1], Named("side"), "image"),
        (*CONTAINER[:-1], Named("nobody"), "image"),
        (*CONTAINER, "ports", 7, "name"),
    ],
)
def test_what_nobody_manages_has_no_manager(path: Path) -> None:
    assert last_manager(LIVE, path) is None


def test_the_last_writer_of_an_object_is_not_who_reports_its_status() -> None:
    writer = last_writer(LIVE)
    assert writer is not None
    assert writer.name == "somebody"


def test_an_object_without_records_has_neither() -> None:
    for live in ({}, {"metadata": {}}, {"metadata": {"managedFields": None}}):
        assert last_manager(live, ("spec",)) is None
        assert last_writer(live) is None


@pytest.mark.parametrize(
    ("name", "subresource", "is_autoscaler"),
    [("kube-controller-manager", "scale", True), ("keda", "scale", True), ("kubectl", "scale", False),
     ("kube-controller-manager", "", False)],
)  # fmt: skip
def test_an_autoscaler_is_known_by_its_name_and_its_way(name: str, subresource: str, is_autoscaler: bool) -> None:
    live = {"metadata": {"managedFields": [entry(name, {"f:spec": {"f:replicas": {}}}, subresource=subresource)]}}
    manager = last_manager(live, ("spec", "replicas"))
    assert manager is not None
    assert manager.is_autoscaler is is_autoscaler
