"""Judges tokens as EKS does: it asks STS by the URL that a token is, and lets in whoever signed it for this cluster."""

from __future__ import annotations

import base64
import json
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_PREFIX = "k8s-aws-v1."
_USER = {"username": "deployer", "groups": ["system:masters"]}


@dataclass
class Reviewer:
    """Who was let in, and who was not."""

    sts: str
    """Where STS is."""
    cluster: str
    url: str = ""
    verdicts: list[bool] = field(default_factory=list)

    def status(self, token: str) -> dict[str, Any]:
        """A TokenReview's status."""
        passed = self._is_known(token)
        self.verdicts.append(passed)
        return {"authenticated": True, "user": _USER} if passed else {"authenticated": False}

    def _is_known(self, token: str) -> bool:
        text = token.removeprefix(_PREFIX)
        url = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode(errors="replace")
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))
        signed = query.get("X-Amz-SignedHeaders", "").split(";")
        if not token.startswith(_PREFIX) or not url.startswith(f"{self.sts}/?") or "x-k8s-aws-id" not in signed:
            return False
        scope = f"AWS4-HMAC-SHA256 Credential={query['X-Amz-Credential']}"  # by which moto knows the service
        request = urllib.request.Request(url, headers={"x-k8s-aws-id": self.cluster, "Authorization": scope})
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return b"GetCallerIdentityResult" in answer.read()
        except urllib.error.URLError:
            return False


@contextmanager
def reviewing(sts: str, cluster: str) -> Iterator[Reviewer]:
    """Serve inside the block."""
    reviewer = Reviewer(sts, cluster)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            body = {**review, "status": reviewer.status(review["spec"]["token"])}
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    reviewer.url = f"http://127.0.0.1:{server.server_port}/"
    try:
        yield reviewer
    finally:
        server.shutdown()
        server.server_close()
