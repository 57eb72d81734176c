"""The clouds' own names on the loopback: a proxy at which whoever connects to them finds the servers of a test."""

from __future__ import annotations

import datetime
import shutil
import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

SECONDS = 60


class _Proxy(socketserver.StreamRequestHandler):
    """Takes one CONNECT, is the named host to whoever asked, and hands all bytes on to that host's server."""

    servers: ClassVar[Mapping[str, int]]
    context: ClassVar[ssl.SSLContext]

    def handle(self) -> None:
        host = self.rfile.readline().split()[1].decode().partition(":")[0]
        while self.rfile.readline().strip():
            pass
        self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
        with (
            self.context.wrap_socket(self.connection, server_side=True) as near,
            socket.create_connection(("127.0.0.1", self.servers[host]), timeout=SECONDS) as far,
        ):
            back = threading.Thread(target=_pass_on, args=(far, near), daemon=True)
            back.start()
            _pass_on(near, far)
            back.join(SECONDS)


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    try:
        while piece := source.recv(65536):
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return


@contextmanager
def clouds(folder: Path, servers: Mapping[str, int]) -> Iterator[dict[str, str]]:
    """Stand in for some hosts by servers of this machine; give the environment in which Go's programs reach them."""
    certificate = _certificate(folder, list(servers))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    handler = type("Proxy", (_Proxy,), {"servers": servers, "context": context})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as proxy:
        proxy.daemon_threads = True
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        yield {
            "HTTPS_PROXY": f"http://127.0.0.1:{proxy.server_address[1]}",
            "SSL_CERT_FILE": str(certificate),
            "PATH": str(Path(shutil.which("env") or "/usr/bin/env").parent),
        }
        proxy.shutdown()


def _certificate(folder: Path, hosts: list[str]) -> Path:
    """Write a key, and its certificate for the hosts, which is its own authority."""
    key, now = generate_private_key(SECP256R1()), datetime.datetime.now(datetime.UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "clouds of a test")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts]), critical=False)
        .sign(key, SHA256())
    )
    file = folder / "clouds.pem"
    text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(text + made.public_bytes(Encoding.PEM))
    return file
