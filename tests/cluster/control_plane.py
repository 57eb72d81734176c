"""A real Kubernetes control plane on this machine: etcd, API server, controllers, scheduler, and nodes by kwok.

Nodes and pods are simulated, all else is what a cluster runs: admission, defaulting, server-side apply, quotas,
scheduling on GPUs. Everything listens on 127.0.0.1 and ends with :meth:`ControlPlane.close`.
"""

from __future__ import annotations

import base64
import csv
import json
import ssl
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from seldon_infra.runtime import ports
from toolchain import control_plane as parts

START_SECONDS = 240.0
STOP_SECONDS = 60.0
PROBE_SECONDS = 20.0
ANSWER_SECONDS = 240.0
LOG_LINES = 20
CONFLICT = 409
ISSUER = "https://kubernetes.default.svc"
ADMIN_TOKEN = "admin"
PORTS = ("etcd", "etcd-peer", "api", "controllers", "scheduler")


class Refused(Exception):
    """The API server said no."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status, self.message = status, message


@dataclass(frozen=True)
class User:
    """Somebody who may talk to the API server, by a token."""

    name: str
    token: str
    groups: tuple[str, ...] = ()


ADMIN = User("admin", ADMIN_TOKEN, ("system:masters",))
NOBODY = User("nobody", "nobody")
"""May log in, and nothing else."""


@dataclass
class ControlPlane:
    """The running processes, and a client's way to them."""

    folder: Path
    ports: Mapping[str, int] = field(default_factory=dict)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    reviewer: str = ""
    """Address of what tokens are shown to that the API server itself does not know; none by default."""

    order: ClassVar[Sequence[str]] = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok")

    def start(self) -> None:
        """Start everything, and return when a pod could be scheduled."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.ports = ports.allocate(self.folder, PORTS)
        _write_key(self.folder / "service-accounts.pem")
        _write_users(self.folder / "users.csv", [ADMIN, NOBODY])
        for name in self.order:
            self.start_process(name)
        self._wait_for("the namespace's service account", self._has_service_account)

    def start_process(self, name: str) -> None:
        """Start one process and wait until it serves."""
        with (self.folder / f"{name}.log").open("ab") as log:
            command = [str(parts.program(name)), *self._arguments(name)]
            self.processes[name] = subprocess.Popen(
                command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        probe = {"etcd": self._etcd_serves, "kube-apiserver": self._api_serves}.get(name)
        if probe:
            self._wait_for(name, probe)
        if name == "kube-apiserver":
            self._write_kubeconfig()

    def kill_process(self, name: str) -> None:
        """Kill one process, as a machine that goes down would."""
        process = self.processes.pop(name)
        process.kill()
        process.wait(timeout=STOP_SECONDS)

    def close(self) -> None:
        """End everything, the last started first; nothing of it is kept, so nobody is asked to end in order."""
        for name in reversed(list(self.processes)):
            self.kill_process(name)
        ports.release(self.folder)

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig."""
        return self.folder / "kubeconfig"

    def kubeconfig_of(self, user: User) -> Path:
        """Write a kubeconfig of another user."""
        file = self.folder / f"kubeconfig-{user.name}"
        file.write_text(yaml.safe_dump(self._kubeconfig(user)), encoding="utf-8")
        return file

    @property
    def url(self) -> str:
        """Where the API server listens."""
        return f"https://127.0.0.1:{self.ports['api']}"

    def request(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        content_type: str = "application/json",
        user: User = ADMIN,
        timeout: float = ANSWER_SECONDS,
    ) -> dict[str, Any]:
        """Ask the API server for an object; Refused where it says no."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {user.token}", "Content-Type": content_type}
        request = urllib.request.Request(self.url + path, data=data, method=method, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=timeout, context=self._trust()) as answer:
                return dict(json.loads(answer.read()))
        except urllib.error.HTTPError as error:
            raise Refused(error.code, _message(error.read())) from None

    def text(self, path: str, *, timeout: float = ANSWER_SECONDS) -> str:
        """Read what the API server says that is no object."""
        with self._open(path, timeout) as answer:
            return str(answer.read().decode())

    def change(self, path: str, write: Callable[[dict[str, Any]], None], manager: str = "somebody") -> None:
        """Write an object as somebody who has read it: once more where somebody else wrote it meanwhile."""
        while True:
            found = self.request("GET", path)
            write(found)
            try:
                self.request("PUT", f"{path}?fieldManager={manager}", found)
            except Refused as refused:
                if refused.status != CONFLICT:
                    raise
            else:
                return

    @contextmanager
    def followed(self, path: str) -> Iterator[Callable[[], list[dict[str, Any]]]]:
        """Follow an object inside the block: what is called gives each state of it until then, none left out."""
        place, _, name = path.rpartition("/")
        states = [self.request("GET", path)]
        since = states[0]["metadata"]["resourceVersion"]
        asked = f"{place}?watch=true&resourceVersion={since}&fieldSelector=metadata.name%3D{name}"
        with self._open(asked, ANSWER_SECONDS) as events:

            def until_now() -> list[dict[str, Any]]:
                last = self.request("GET", path)["metadata"]["resourceVersion"]
                while states[-1]["metadata"]["resourceVersion"] != last:
                    states.append(json.loads(events.readline())["object"])
                return states

            yield until_now

    def _open(self, path: str, timeout: float) -> Any:
        request = urllib.request.Request(self.url + path, headers={"Authorization": f"Bearer {ADMIN.token}"})
        return urllib.request.urlopen(request, timeout=timeout, context=self._trust())

    def _trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self._certificate))

    @property
    def authority(self) -> str:
        """The CA of its certificate, base64."""
        return base64.b64encode(self._certificate.read_bytes()).decode()

    @property
    def _certificate(self) -> Path:
        return self.folder / "certificates" / "apiserver.crt"

    def _arguments(self, name: str) -> list[str]:
        arguments: Mapping[str, Callable[[], list[str]]] = {
            "etcd": self._etcd,
            "kube-apiserver": self._api_server,
            "kube-controller-manager": self._controllers,
            "kube-scheduler": self._scheduler,
            "kwok": self._kwok,
        }
        return arguments[name]()

    def _etcd(self) -> list[str]:
        clients, peers = (f"http://127.0.0.1:{self.ports[port]}" for port in ("etcd", "etcd-peer"))
        return [
            f"--data-dir={self.folder / 'etcd'}",
            f"--listen-client-urls={clients}",
            f"--advertise-client-urls={clients}",
            f"--listen-peer-urls={peers}",
            f"--initial-advertise-peer-urls={peers}",
            f"--initial-cluster=default={peers}",
            "--unsafe-no-fsync",  # a test's data need not outlive the machine
        ]

    def _api_server(self) -> list[str]:
        key = self.folder / "service-accounts.pem"
        return [
            *(self._reviewing() if self.reviewer else []),
            f"--etcd-servers=http://127.0.0.1:{self.ports['etcd']}",
            "--bind-address=127.0.0.1",
            "--advertise-address=127.0.0.1",
            "--endpoint-reconciler-type=none",
            f"--secure-port={self.ports['api']}",
            f"--cert-dir={self._certificate.parent}",
            f"--token-auth-file={self.folder / 'users.csv'}",
            "--authorization-mode=RBAC",
            f"--service-account-issuer={ISSUER}",
            f"--service-account-key-file={key}",
            f"--service-account-signing-key-file={key}",
            "--service-cluster-ip-range=10.0.0.0/16",
            "--allow-privileged=false",
        ]

    def _reviewing(self) -> list[str]:
        file = self.folder / "reviewer.yaml"
        there = {"clusters": [{"name": "reviewer", "cluster": {"server": self.reviewer}}], "users": [{"name": "api"}],
                 "contexts": [{"name": "api", "context": {"cluster": "reviewer", "user": "api"}}],
                 "current-context": "api", "kind": "Config", "apiVersion": "v1"}  # fmt: skip
        file.write_text(yaml.safe_dump(there), encoding="utf-8")
        return [f"--authentication-token-webhook-config-file={file}", "--authentication-token-webhook-version=v1"]

    def _controllers(self) -> list[str]:
        return [
            f"--kubeconfig={self.kubeconfig}",
            "--bind-address=127.0.0.1",
            f"--secure-port={self.ports['controllers']}",
            f"--cert-dir={self._certificate.parent}",
            f"--service-account-private-key-file={self.folder / 'service-accounts.pem'}",
            f"--root-ca-file={self._certificate}",
            "--leader-elect=false",
            "--node-monitor-grace-period=10m",  # nodes that a busy machine plays late are there all the same
        ]

    def _scheduler(self) -> list[str]:
        return [
            f"--kubeconfig={self.kubeconfig}",
            "--bind-address=127.0.0.1",
            f"--secure-port={self.ports['scheduler']}",
            f"--cert-dir={self._certificate.parent}",
            "--leader-elect=false",
        ]

    def _kwok(self) -> list[str]:
        stages = [f"--config={file}" for file in parts.kwok_stages()]
        return [f"--kubeconfig={self.kubeconfig}", "--manage-all-nodes=true", "--server-address=", *stages]

    def _kubeconfig(self, user: User) -> dict[str, object]:
        cluster = {"server": self.url, "certificate-authority": str(self._certificate)}
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "test", "cluster": cluster}],
            "users": [{"name": user.name, "user": {"token": user.token}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": user.name}}],
            "current-context": "test",
        }

    def _write_kubeconfig(self) -> None:
        self.kubeconfig.write_text(yaml.safe_dump(self._kubeconfig(ADMIN)), encoding="utf-8")

    def _etcd_serves(self) -> bool:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.ports['etcd']}/health", timeout=PROBE_SECONDS) as answer:
            return b'"true"' in answer.read()

    def _api_serves(self) -> bool:
        return self.text("/readyz", timeout=PROBE_SECONDS) == "ok"

    def _has_service_account(self) -> bool:
        return bool(self.request("GET", "/api/v1/namespaces/default/serviceaccounts/default"))

    def _wait_for(self, what: str, probe: Callable[[], bool]) -> None:
        end = time.monotonic() + START_SECONDS
        while not _holds(probe):
            ended = [name for name, process in self.processes.items() if process.poll() is not None]
            if ended or time.monotonic() > end:
                raise RuntimeError(
                    f"{what} is not there; {', '.join(ended) or 'nothing'} ended\n{self._last_lines(ended)}"
                )
            time.sleep(0.05)

    def _last_lines(self, names: Sequence[str]) -> str:
        logs = (self.folder / f"{name}.log" for name in names or self.processes)
        return "\n".join(
            f"{log.name}: {line}"
            for log in logs
            for line in log.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_LINES:]
        )


def _message(body: bytes) -> str:
    """Read what was said: of a kind that is not defined the API server speaks in plain text."""
    try:
        return str(json.loads(body)["message"])
    except ValueError:
        return body.decode(errors="replace").strip()


def _holds(probe: Callable[[], bool]) -> bool:
    try:
        return probe()
    except (OSError, Refused):  # urllib's errors are OSErrors
        return False


def _write_key(file: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    text = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    file.write_bytes(text)
    file.chmod(0o600)


def _write_users(file: Path, users: Sequence[User]) -> None:
    with file.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([user.token, user.name, user.name, ",".join(user.groups)] for user in users)


@contextmanager
def started(reviewer: str | None = None) -> Iterator[ControlPlane]:
    """A running control plane with nothing on it, in a folder that goes with it."""
    with tempfile.TemporaryDirectory(prefix="control-plane-", ignore_cleanup_errors=True) as folder:
        running = ControlPlane(Path(folder), reviewer=reviewer)
        try:
            running.start()
            yield running
        finally:
            running.close()
