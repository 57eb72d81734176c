"""What the API server refuses: a person is told in its words, and the next `up` ends it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager

import pytest

from seldon_infra.graph.manifest import GROUP, PLURAL
from tests.cluster.control_plane import NOBODY, ControlPlane, Refused
from tests.cluster.effective import make_namespace, until_allowed, until_refused
from tests.cluster.healing import ACCOUNT, NAMESPACE, ROLES, declare, fails, heals, is_whole, made, take_away
from tests.cluster.test_live_checks import without_definition
from tests.cluster.test_stack import engine, there
from tests.engine.scratch import Engine
from tests.engine.waiting import wait_until

__all__ = ["engine"]  # the fixture

pytestmark = [pytest.mark.cluster, pytest.mark.slow]

ADMISSION = "/apis/admissionregistration.k8s.io/v1"


@contextmanager
def forbidden(engine: Engine, control_plane: ControlPlane) -> Iterator[None]:
    """Let who applies do anything but with network policies."""
    rules = [{"apiGroups": ["", GROUP], "resources": ["*"], "verbs": ["*"]}]
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "half"}
    subject = {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": NOBODY.name}
    with (
        made(control_plane, f"{ROLES}/clusterroles", {"metadata": {"name": "half"}, "rules": rules}),
        made(
            control_plane,
            f"{ROLES}/clusterrolebindings",
            {"metadata": {"name": "half"}, "roleRef": role, "subjects": [subject]},
        ),
    ):
        until_allowed(control_plane, NOBODY, "patch", resource="namespaces")
        engine.environment["KUBECONFIG"] = str(control_plane.kubeconfig_of(NOBODY))
        yield
    engine.environment["KUBECONFIG"] = str(control_plane.kubeconfig)


@contextmanager
def over_quota(engine: Engine, control_plane: ControlPlane) -> Iterator[None]:
    """Leave no room for a service account beside the namespace's own."""
    make_namespace(control_plane, "vision")
    quota = {"metadata": {"name": "team"}, "spec": {"hard": {"count/serviceaccounts": "1"}}}
    with made(control_plane, f"{NAMESPACE}/resourcequotas", quota):
        until_refused(control_plane, ACCOUNT.rpartition("/")[0], {"metadata": {"name": "late"}}, "exceeded quota: team")
        yield


@contextmanager
def refused_by_policy(engine: Engine, control_plane: ControlPlane) -> Iterator[None]:
    """Have the API server's admission refuse every SeldonDeployment."""
    matched = {"apiGroups": [GROUP], "apiVersions": ["*"], "operations": ["CREATE", "UPDATE"], "resources": [PLURAL]}
    said = "models are frozen until Monday; ask platform@acme.io"
    spec = {
        "failurePolicy": "Fail",
        "matchConstraints": {"resourceRules": [matched]},
        "validations": [{"expression": "false", "message": said}],
    }
    binding = {"policyName": "frozen", "validationActions": ["Deny"]}
    with (
        made(control_plane, f"{ADMISSION}/validatingadmissionpolicies", {"metadata": {"name": "frozen"}, "spec": spec}),
        made(
            control_plane,
            f"{ADMISSION}/validatingadmissionpolicybindings",
            {"metadata": {"name": "frozen"}, "spec": binding},
        ),
    ):
        wait_until(lambda: said in refusal(control_plane))
        yield
    wait_until(lambda: said not in refusal(control_plane))


@contextmanager
def undefined(engine: Engine, control_plane: ControlPlane) -> Iterator[None]:
    """Take Seldon's definition away."""
    with without_definition(control_plane):
        yield


Fault = Callable[[Engine, ControlPlane], AbstractContextManager[None]]


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        pytest.param(
            forbidden,
            'resource "networkpolicies" in API group "networking.k8s.io" in the namespace "vision"',
            id="forbidden",
        ),
        pytest.param(over_quota, "exceeded quota: team, requested: count/serviceaccounts=1", id="quota"),
        pytest.param(refused_by_policy, "models are frozen until Monday; ask platform@acme.io", id="webhook"),
        pytest.param(undefined, "machinelearning.seldon.io/v1 is not served", id="definition"),
    ],
)
def test_what_the_api_server_refuses_is_told_in_its_words_and_the_next_up_ends_it(
    engine: Engine, control_plane: ControlPlane, fault: Fault, words: str
) -> None:
    declare(engine)
    with ExitStack() as wrong:
        wrong.enter_context(fault(engine, control_plane))
        assert words in fails(engine.up(check=False))
        assert there(control_plane) is None
        assert is_whole(engine)
    heals(engine, control_plane)


def test_what_admission_refuses_is_told_at_preview_where_the_namespace_is_there(
    engine: Engine, control_plane: ControlPlane
) -> None:
    control_plane.request("POST", "/api/v1/namespaces", {"metadata": {"name": "vision"}})
    declare(engine, target=", create_namespaces=False")
    with refused_by_policy(engine, control_plane):
        assert "models are frozen until Monday; ask platform@acme.io" in fails(engine.preview(check=False))
    assert there(control_plane, ACCOUNT) is None
    take_away(control_plane, NAMESPACE)


def refusal(control_plane: ControlPlane) -> str:
    """What admission says to a SeldonDeployment."""
    graph = {"name": "classifier", "implementation": "SKLEARN_SERVER", "modelUri": "s3://models/iris"}
    thing = {
        "apiVersion": f"{GROUP}/v1",
        "kind": "SeldonDeployment",
        "metadata": {"name": "probe"},
        "spec": {"predictors": [{"name": "main", "graph": graph}]},
    }
    try:
        control_plane.request("POST", f"/apis/{GROUP}/v1/namespaces/default/{PLURAL}?dryRun=All", thing)
    except Refused as refused:
        return refused.message
    return ""
