"""Plays a node's kubelet, in the one thing that the library asks of it: the last lines of a container's log."""

from __future__ import annotations

import datetime
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.cluster.control_plane import ControlPlane


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
    status = {
        "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}],
        "daemonEndpoints": {"kubeletEndpoint": {"Port": server.server_port}},
    }
    path = f"/api/v1/nodes/{node}/status"
    control_plane.request("PATCH", path, {"status": status}, content_type="application/merge-patch+json")
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


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
