"""The endpoint: it reads each call, does to it what the fault script says, and serves it or hands it on to moto."""

from __future__ import annotations

import http.client
import threading
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from tests.aws.loopback.eks import Eks
from tests.aws.loopback.faults import Dropped, Faults
from tests.aws.loopback.neighbours import Neighbours
from tests.aws.loopback.parameters import image_parameter
from tests.aws.loopback.peers import process_at
from tests.aws.loopback.permissions import Permissions
from tests.aws.loopback.prices import Prices
from tests.aws.loopback.quotas import Quotas
from tests.aws.loopback.shelf import Clock
from tests.aws.loopback.tokens import Tokens
from tests.aws.loopback.trail import Trail
from tests.aws.loopback.wire import NOT_SERVED, Answer, AwsError, Call, Request, answer, error, parameters, read_call

REGION = "eu-west-1"
UNSIGNED = "MissingAuthenticationToken"
_SECONDS = 60


class Loopback:
    """One AWS account. `behind` is moto's address, host and port."""

    def __init__(self, behind: str) -> None:
        self._behind = behind
        self.clock, self.faults = Clock(), Faults()
        self.calls: list[str] = []
        """Every call that came, by name, in the order of its coming."""
        self.broken: list[str] = []
        """What the loopback itself could not do: a test that leaves anything here has proved nothing."""
        self.permissions, self.prices, self.trail = Permissions(), Prices(), Trail()
        self._eks: dict[str, Eks] = {}
        self._quotas: dict[str, Quotas] = {}
        self._tokens = Tokens()
        self._lock = threading.RLock()
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, failure: BaseException | None, _: TracebackType | None
    ) -> None:
        self.faults.clear()
        self._server.shutdown()
        self._server.server_close()
        if kind is None:
            assert not self.broken, self.broken

    @property
    def endpoint(self) -> str:
        """Its URL."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def environment(self) -> dict[str, str]:
        """What leads boto3 here, and away from this machine's own credentials."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        }

    @property
    def behind(self) -> str:
        """The URL of moto."""
        return f"http://{self._behind}"

    def eks(self, region: str = REGION) -> Eks:
        """A region's EKS."""
        with self._lock:
            if region not in self._eks:
                self._eks[region] = Eks(region, self.clock, Neighbours(self.behind, region))
            return self._eks[region]

    def quotas(self, region: str = REGION) -> Quotas:
        """A region's quotas."""
        with self._lock:
            return self._quotas.setdefault(region, Quotas(region))

    def changes(self) -> list[str]:
        """The calls that changed something, by name."""
        reading = ("Describe", "List", "Get", "Simulate", "Lookup")
        return [name for name in self.calls if not name.partition(".")[2].startswith(reading)]

    def times(self) -> dict[str, int]:
        """How often each call came."""
        counted: dict[str, int] = defaultdict(int)
        for name in self.calls:
            counted[name] += 1
        return dict(counted)

    def take(self, request: Request, port: int) -> Answer:
        """The answer to one request; `Dropped` where there is none."""
        call = read_call(request)
        self.calls.append(call.name)

        def whose() -> int:
            return process_at(port, self._server.server_port)

        try:
            self.faults.pass_by(call, "before", whose)
            answered = self._answered(call)
            self.faults.pass_by(call, "after", whose)
        except AwsError as failure:
            return error(call, failure)
        except Dropped:
            raise
        except Exception as failure:
            self.broken.append(f"{call.name}: {failure!r}")
            return error(call, AwsError("InternalFailure", repr(failure), 500))
        return answered

    def _answered(self, call: Call) -> Answer:
        """The service's answer, a refusal too."""
        try:
            return self._serve(call)
        except AwsError as failure:
            self.broken += [str(failure)] if failure.code == NOT_SERVED else []
            return error(call, failure)

    def _serve(self, call: Call) -> Answer:
        with self._lock:
            match call.service:
                case "eks":
                    return answer(call, self.eks(call.region).serve(call.operation, parameters(call)))
                case "service-quotas":
                    return answer(call, self.quotas(call.region).serve(call.operation, parameters(call)))
                case "ssm" if call.operation == "GetParameter":
                    found = image_parameter(call.region, parameters(call)["Name"])
                    return answer(call, found) if found else self._pass_on(call.request)
                case "iam" if call.operation == "SimulatePrincipalPolicy":
                    return answer(call, self.permissions.simulate(parameters(call)))
                case "pricing" if call.operation == "GetProducts":
                    return answer(call, self.prices.get_products(parameters(call)))
                case "cloudtrail" if call.operation == "LookupEvents":
                    return answer(call, self.trail.lookup_events(parameters(call)))
                case _:
                    return self._tokens.once(call, lambda: self._pass_on(call.request))

    def _pass_on(self, request: Request) -> Answer:
        connection = http.client.HTTPConnection(self._behind, timeout=_SECONDS)
        try:
            connection.request(request.method, request.target, request.body, dict(request.headers))
            got = connection.getresponse()
            kept = {"content-type", "x-amzn-errortype", "x-amzn-requestid"}
            headers = {name: value for name, value in got.getheaders() if name.lower() in kept}
            return Answer(got.status, got.read(), headers)
        finally:
            connection.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128  # with the usual 5 a connection too many at once is tried again a second later


def _handler(aws: Loopback) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # else the second answer of a connection waits 40 ms for the first one's receipt

        def _take(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            request = Request(self.command, self.path, dict(self.headers), body)
            try:
                self._send(aws.take(request, self.client_address[1]))
            except (Dropped, OSError):
                self.close_connection = True
            except AwsError as failure:
                if failure.code != UNSIGNED:  # which AWS refuses too: who looks into a bucket without credentials, say
                    aws.broken.append(str(failure))
                self._send(Answer(failure.status, str(failure).encode()))

        do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = _take  # noqa: N815

        def _send(self, answered: Answer) -> None:
            self.send_response(answered.status)
            for name, value in answered.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answered.body)))
            self.end_headers()
            self.wfile.write(answered.body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Handler
