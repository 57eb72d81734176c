"""Plays a node's kubelet, in what the library asks of it: the last lines of a container's log, and ways to ports."""

from __future__ import annotations

import datetime
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from seldon_infra.runtime import ports
from tests.cluster.control_plane import STOP_SECONDS, ControlPlane
from tests.cluster.nodes import CPU_NODES
from tests.engine.waiting import wait_until
from toolchain import control_plane as parts


@contextmanager
def kubelet_of(control_plane: ControlPlane, node: str, log: str, folder: Path) -> Iterator[None]:
    """Answer for a node's kubelet inside the block: every container has written ``log``."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = log.encode() if self.path.startswith("/containerLogs/") else b""
            self.send_response(200 if body else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *parts: object) -> None:
            """Write nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_certificate(folder))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    _announce(control_plane, node, server.server_port)
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def forwarding(control_plane: ControlPlane, targets: Mapping[int, int], folder: Path) -> Iterator[None]:
    """Let kwok answer for kubelets inside the block: ports of pods lead to ports of this machine.

    Args:
        control_plane: whose kubelets they are.
        targets: ports of pods, and where they lead.
        folder: a folder of its own, which goes with the block and with it the claim to a port.
    """
    port = ports.allocate(folder, ("kubelet",))["kubelet"]
    forwards = [{"ports": [it], "target": {"port": to, "address": "127.0.0.1"}} for it, to in targets.items()]
    kind = {"apiVersion": "kwok.x-k8s.io/v1alpha1", "kind": "ClusterPortForward"}
    config, certificate = folder / "forwards.yaml", _certificate(folder)
    config.write_text(yaml.safe_dump({**kind, "metadata": {"name": "all"}, "spec": {"forwards": forwards}}))
    command = [
        *(str(parts.program("kwok")), f"--kubeconfig={control_plane.kubeconfig}", "--manage-single-node=nobody"),
        *(f"--server-address=127.0.0.1:{port}", f"--config={config}", f"--config={parts.kwok_stages()[0]}"),
        *(f"--tls-cert-file={certificate}", f"--tls-private-key-file={certificate}"),
    ]
    with (folder / "kwok.log").open("ab") as log:
        running = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        wait_until(lambda: running.poll() is not None or _listens(port))
        assert running.poll() is None, (folder / "kwok.log").read_text()
        for node in CPU_NODES:
            _announce(control_plane, node, port)
        yield
    finally:
        running.terminate()
        running.wait(timeout=STOP_SECONDS)


def _listens(port: int) -> bool:
    with socket.socket() as asking:
        return asking.connect_ex(("127.0.0.1", port)) == 0


def _announce(control_plane: ControlPlane, node: str, port: int) -> None:
    """Say where a node's kubelet is."""
    status = {
        "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}],
        "daemonEndpoints": {"kubeletEndpoint": {"Port": port}},
    }
    path = f"/api/v1/nodes/{node}/status"
    control_plane.request("PATCH", path, {"status": status}, content_type="application/merge-patch+json")


def _certificate(folder: Path) -> Path:
    """Write a key and a certificate that it signs itself; the API server asks no more of a kubelet here."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "kubelet")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .sign(key, hashes.SHA256())
    )
    text = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    file = folder / "kubelet.pem"
    file.write_bytes(text + made.public_bytes(serialization.Encoding.PEM))
    return file
