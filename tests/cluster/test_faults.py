"""Faults in the middle of the work: what a person is told, that the state is whole, and that the next `up` ends it.

Each kind of bad input and fault, and where it is tested:

| fault | tests |
| --- | --- |
| API server unreachable | test_live_checks (preview), test_rollouts (the wait), here (an `up`) |
| API server restarted in the middle of an `up` | test_rollouts (the wait alone), here |
| expired token | test_rollouts (the wait alone), here |
| forbidden, with verb and resource | test_rollouts, test_live_checks (what is not checked), test_refusals |
| definition missing | test_live_checks (preview), test_empty_cluster (comes with the stack), test_refusals (an `up`) |
| webhook refuses | test_refusals; one that does not answer yet: test_empty_cluster |
| image pull fails, model not fetched, pod pending for a GPU | test_rollouts, test_live_checks |
| quota exceeded | test_live_checks (pods, preview), test_rollouts (pods, later), test_refusals (objects) |
| `up` killed and run again | here; by Ctrl-C: test_deployments; local stacks: tests/engine/test_recover |
| two `up`s at once | here |
| an object deleted by hand | here; changed by hand: test_stack, test_drift |
| a finalizer that hangs | here |

What the real Kubernetes provider does in these cases was read in pulumi-kubernetes (provider/pkg/await/await.go,
provider/pkg/provider/provider.go); the stand-in does the same.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.cluster.control_plane import ControlPlane, User
from tests.cluster.effective import until_allowed
from tests.cluster.healing import ACCOUNT, NAMESPACE, POLICY, ROLES, declare, fails, heals, is_whole, made, take_away
from tests.cluster.operator import operator
from tests.cluster.patient import PROGRAM
from tests.cluster.test_stack import PATH, engine, there
from tests.engine.scratch import ENVIRONMENT, Engine
from tests.engine.waiting import wait_until

__all__ = ["engine"]  # the fixture

pytestmark = [pytest.mark.cluster, pytest.mark.slow]

WAITING = """
import pulumi
from seldon_infra import run

def change(args):
    if args.type_.endswith(":SeldonDeployment") and "metadata" in args.props:
        args.props["metadata"]["annotations"]["pulumi.com/waitFor"] = "jsonpath={.status.state}=Available"
    return pulumi.ResourceTransformationResult(args.props, args.opts)

pulumi.runtime.register_stack_transformation(change)
run(__file__)
"""
BEARING = f"""
from functools import partial
from seldon_infra.targets import kubernetes_deployment

kubernetes_deployment.Patience = partial(kubernetes_deployment.Patience, outage=600)
{PROGRAM}"""
"""An API server takes long to come back where a machine is busy."""
BOUNDED = """
import pulumi
from seldon_infra import run

def change(args):
    bounds = pulumi.CustomTimeouts(delete="2s") if args.type_.endswith("v1:SeldonDeployment") else None
    options = pulumi.ResourceOptions(custom_timeouts=bounds)
    return pulumi.ResourceTransformationResult(args.props, pulumi.ResourceOptions.merge(args.opts, options))

pulumi.runtime.register_stack_transformation(change)
run(__file__)
"""
MERGE = "application/merge-patch+json"
UP = ("up", "--stack", "test", "--yes", "--skip-preview")


def uid(control_plane: ControlPlane) -> str:
    found = there(control_plane)
    assert found is not None
    return str(found["metadata"]["uid"])


def recover(engine: Engine) -> str:
    command = [ENVIRONMENT / "bin" / "seldon-infra", "recover", "--stack", "test"]
    done = subprocess.run(
        command, cwd=engine.directory, env=engine.environment, capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def by_hand(engine: Engine) -> str:
    """What is left to do where `recover` cannot look: a backend elsewhere."""
    engine.run("cancel", "--stack", "test", "--yes")
    return engine.refresh("--clear-pending-creates").stdout


def test_an_api_server_that_is_restarted_while_an_up_waits_is_waited_for(
    engine: Engine, control_plane: ControlPlane
) -> None:
    declare(engine)
    engine.write_program(BEARING)
    running = engine.start(*UP)
    # What the API server has made it may not have told yet.
    assert running.stdout is not None
    assert any(re.search(r"kubernetes:.*SeldonDeployment +iris +created", line) for line in running.stdout)
    control_plane.kill_process("kube-apiserver")
    control_plane.start_process("kube-apiserver")
    with operator(control_plane):
        said, _ = running.communicate(timeout=240)
    assert running.returncode == 0, said
    assert is_whole(engine)

    declare(engine, replicas=2)
    control_plane.kill_process("kube-apiserver")
    try:
        said = fails(engine.up(check=False))
    finally:
        control_plane.start_process("kube-apiserver")
    assert f"cannot reach {control_plane.url}" in said
    assert is_whole(engine)
    heals(engine, control_plane)
    assert there(control_plane)["spec"]["predictors"][0]["replicas"] == 2  # type: ignore[index]


@pytest.mark.parametrize("heal", [recover, by_hand])
def test_an_up_that_is_killed_is_run_again_and_makes_nothing_twice(
    engine: Engine, control_plane: ControlPlane, heal: Callable[[Engine], str]
) -> None:
    declare(engine)
    engine.write_program(WAITING)
    running = engine.start(*UP)
    wait_until(lambda: there(control_plane) is not None)
    running.send_signal(signal.SIGKILL)
    running.communicate(timeout=240)
    made = uid(control_plane)

    said = fails(engine.up(check=False))
    assert "the stack is currently locked by 1 lock" in said
    assert f"pid {running.pid}" in said
    assert "pulumi cancel" in said
    healed = heal(engine)
    if heal is recover:
        assert "removed the lock" in healed
        assert "iris was interrupted while creating; the next `pulumi up --stack test` does it again" in healed
    heals(engine, control_plane)
    assert uid(control_plane) == made


def test_what_a_killed_up_made_is_destroyed_too(engine: Engine, control_plane: ControlPlane) -> None:
    control_plane.request("POST", "/api/v1/namespaces", {"metadata": {"name": "vision"}})
    declare(engine, target=", create_namespaces=False")
    engine.write_program(WAITING)
    running = engine.start(*UP)
    wait_until(lambda: there(control_plane) is not None)
    running.send_signal(signal.SIGKILL)
    running.communicate(timeout=240)
    recover(engine)
    engine.destroy()
    assert there(control_plane) is None
    assert is_whole(engine)
    take_away(control_plane, NAMESPACE)


def test_a_provider_that_is_killed_fails_the_up_and_the_next_takes_over_what_it_made(
    engine: Engine, control_plane: ControlPlane
) -> None:
    declare(engine)
    engine.write_program(WAITING)
    running = engine.start(*UP)
    wait_until(lambda: there(control_plane) is not None)
    os.kill(provider_of(running.pid), signal.SIGKILL)
    said, _ = running.communicate(timeout=240)
    assert running.returncode != 0
    assert "SeldonDeployment" in said
    made = uid(control_plane)
    heals(engine, control_plane)
    assert uid(control_plane) == made


def test_of_two_ups_at_once_one_is_told_who_holds_the_stack(engine: Engine, control_plane: ControlPlane) -> None:
    declare(engine)
    first = engine.start(*UP)
    wait_until(lambda: there(control_plane) is not None)
    said = fails(engine.up(check=False))
    assert "the stack is currently locked by 1 lock" in said
    assert f"pid {first.pid}" in said
    assert f"held by process {first.pid} on" in recover(engine)
    with operator(control_plane):
        said, _ = first.communicate(timeout=240)
    assert first.returncode == 0, said
    heals(engine, control_plane, "--expect-no-changes")


def test_what_is_deleted_by_hand_is_made_again(engine: Engine, control_plane: ControlPlane) -> None:
    declare(engine)
    heals(engine, control_plane)
    for path in (ACCOUNT, POLICY):
        take_away(control_plane, path)
    heals(engine, control_plane, "--refresh")

    take_away(control_plane, PATH)
    said = fails(engine.up(check=False))
    assert "SeldonDeployment 'iris' is gone: somebody deleted it; run: pulumi up --refresh" in said
    heals(engine, control_plane, "--refresh")

    take_away(control_plane, NAMESPACE)
    heals(engine, control_plane, "--refresh")


def test_a_finalizer_that_holds_an_object_is_named_and_the_next_destroy_ends_it(
    engine: Engine, control_plane: ControlPlane
) -> None:
    declare(engine)
    engine.write_program(BOUNDED)
    heals(engine, control_plane)
    hold(control_plane, ["acme.io/archive"])
    said = fails(engine.destroy(check=False))
    assert "SeldonDeployment (iris)" in said
    assert "finalizers might be preventing deletion (acme.io/archive)" in said
    assert is_whole(engine)
    hold(control_plane, [])
    engine.destroy()
    assert there(control_plane) is None
    assert engine.resources() == []


def test_a_token_that_expires_while_an_up_waits_ends_it_and_a_new_one_goes_on(
    engine: Engine, control_plane: ControlPlane
) -> None:
    declare(engine)
    with service_account(control_plane) as (account, user):
        engine.environment["KUBECONFIG"] = str(control_plane.kubeconfig_of(user))
        running = engine.start(*UP)
        wait_until(lambda: there(control_plane) is not None)
        take_away(control_plane, account)  # its tokens end with it
        said, _ = running.communicate(timeout=240)
    assert running.returncode != 0
    assert "cluster 'test' does not know who asks: Unauthorized; log in again" in " ".join(said.split())
    engine.environment["KUBECONFIG"] = str(control_plane.kubeconfig)
    heals(engine, control_plane)


@contextmanager
def service_account(control_plane: ControlPlane) -> Iterator[tuple[str, User]]:
    """Somebody with a token that can end, and all rights; gives where the account is, too."""
    accounts = "/api/v1/namespaces/default/serviceaccounts"
    control_plane.request("POST", accounts, {"metadata": {"name": "pipeline"}})
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"}
    subject = {"kind": "ServiceAccount", "name": "pipeline", "namespace": "default"}
    binding = {"metadata": {"name": "pipeline"}, "roleRef": role, "subjects": [subject]}
    with made(control_plane, f"{ROLES}/clusterrolebindings", binding):
        asked = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
        token = control_plane.request("POST", f"{accounts}/pipeline/token", asked)["status"]["token"]
        user = User("pipeline", token)
        until_allowed(control_plane, user, "create", resource="namespaces")
        yield f"{accounts}/pipeline", user


def hold(control_plane: ControlPlane, finalizers: list[str]) -> None:
    """Give the deployment these finalizers."""
    control_plane.request("PATCH", PATH, {"metadata": {"finalizers": finalizers}}, content_type=MERGE)


def provider_of(engine: int) -> int:
    """The process of an engine's Kubernetes provider."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # others end while they are looked at
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == engine and b"kubernetes_provider" in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
    assert len(found) == 1, found
    return found[0]
