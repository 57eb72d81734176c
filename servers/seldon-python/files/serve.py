"""Serves a class with Seldon's own Python wrapper: REST, gRPC and metrics in one process.

``seldon-core-microservice`` listens on every address, gives each interface a process of its own and drops open gRPC
calls when it is stopped. Here the wrapper's own applications run under one gunicorn worker, which drains both.
Called with ``module.Class``; ports and parameters come in the environment variables that Seldon's operator sets.
It listens on loopback, or on the address in LISTEN_HOST.
"""

import functools
import importlib
import json
import math
import os
import socket
import sys
import threading

import grpc
from flask import has_request_context, jsonify, request
from google.protobuf import struct_pb2
from google.protobuf.message import DecodeError
from gunicorn.app.base import BaseApplication
from seldon_core import seldon_methods, wrapper
from seldon_core.flask_utils import ANNOTATION_GRPC_MAX_MSG_SIZE, SeldonMicroserviceException
from seldon_core.metrics import SeldonMetrics
from seldon_core.microservice import parse_parameters
from seldon_core.proto import prediction_pb2
from werkzeug.exceptions import HTTPException

HOST = os.environ.get("LISTEN_HOST", "127.0.0.1")
LARGEST_MESSAGE = 64 * 1024 * 1024
DRAIN_SECONDS = 25
CALLS = ("predict", "transform_input", "transform_output", "route", "aggregate", "send_feedback")
EXTRACTS = ("extract_request_parts", "extract_request_parts_json", "extract_feedback_request_parts")
LOOK_SECONDS = 0.5
"""How often a call that waits for its turn looks whether its client is still there."""
CALL = threading.local()
"""The gRPC call that a thread answers."""
# A class is called by one request at a time, as it is on a cluster, unless Seldon's own variable says more. Threads
# beyond that answer health and metrics, and wait for slow clients.
CONCURRENT_CALLS = int(os.environ.get("GUNICORN_THREADS", "1"))
THREADS = CONCURRENT_CALLS + 7


def port(name):
    """Give the port of HTTP, GRPC or METRICS."""
    return int(os.environ[f"PREDICTIVE_UNIT_{name}_SERVICE_PORT"])


class Metrics(SeldonMetrics):
    """The wrapper's metrics without its process for sharing them: there is one worker."""

    def __init__(self):
        self._lock = threading.Lock()
        self.data = {}
        self.worker_id_func = os.getpid
        self._extra_default_labels = {}

    def __del__(self):
        """There is no other process to end."""


class Parsing(grpc.ServerInterceptor):
    """Stands before each gRPC call: parses its message, and says by the status whose fault an error is."""

    def intercept_service(self, continuation, details):
        """Answer INVALID_ARGUMENT to what is no message, and to what the wrapper or the class refuses as bad data."""
        handler = continuation(details)
        if handler is None or handler.unary_unary is None:
            return handler

        def parse_and_call(wire, context):
            CALL.context = context
            try:
                return handler.unary_unary(handler.request_deserializer(wire), context)
            except DecodeError as error:
                context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"the message cannot be parsed: {error}")
            except SeldonMicroserviceException as error:
                refused = error.status_code < 500
                context.abort(grpc.StatusCode.INVALID_ARGUMENT if refused else grpc.StatusCode.INTERNAL, error.message)

        return grpc.unary_unary_rpc_method_handler(parse_and_call, None, handler.response_serializer)


def reading(extract):
    """Make data that cannot be read the client's fault; what goes wrong after that is the class's own."""

    @functools.wraps(extract)
    def read(request):
        try:
            require_json_numbers(request)
            return extract(request)
        except SeldonMicroserviceException:
            raise
        except NameError:
            # The wrapper imports tensorflow where it is there, and speaks of it in any case.
            text = "a tftensor needs the package tensorflow, which this server lacks; send a tensor or an ndarray"
            raise SeldonMicroserviceException(text) from None
        except Exception as error:
            raise SeldonMicroserviceException(f"the data cannot be read: {error}") from error

    return read


def require_json_numbers(request):
    """Refuse NaN and infinity where the wrapper reads a gRPC message by way of JSON, which would make them texts."""
    if not isinstance(request, dict):
        messages = (request.request, request.truth) if isinstance(request, prediction_pb2.Feedback) else (request,)
        if any(is_beyond_json(message.data.ndarray) or is_beyond_json(message.jsonData) for message in messages):
            raise ValueError("an ndarray or jsonData holds neither NaN nor infinity; send a tensor")


def is_beyond_json(value):
    """Tell whether a list or a value of protobuf's own JSON types holds NaN or infinity."""
    if isinstance(value, struct_pb2.ListValue):
        return any(map(is_beyond_json, value.values))
    kind = value.WhichOneof("kind")
    if kind == "number_value":
        return not math.isfinite(value.number_value)
    if kind == "list_value":
        return is_beyond_json(value.list_value)
    return kind == "struct_value" and any(map(is_beyond_json, value.struct_value.fields.values()))


def bounded(call, limit):
    """Let ``limit`` calls in at once; others wait for as long as somebody waits for them."""

    @functools.wraps(call)
    def wait_and_call(*arguments):
        while not limit.acquire(timeout=LOOK_SECONDS):
            require_client()
        try:
            require_client()
            return call(*arguments)
        finally:
            limit.release()

    return wait_and_call


def require_client():
    """Give up a call whose client has left or is out of time: nobody would read the answer."""
    if has_left(request.environ["gunicorn.socket"]) if has_request_context() else not CALL.context.is_active():
        raise SeldonMicroserviceException("the client has left", status_code=499, reason="CLIENT_LEFT")


def has_left(connection):
    """Tell whether the other side of a connection has closed it."""
    try:
        return connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def http_error(error):
    """Answer what is wrong with a request itself in the words of Seldon's protocol; the wrapper would answer 500."""
    status = {"status": 1, "info": error.description, "code": -1, "reason": "MICROSERVICE_BAD_DATA"}
    return jsonify({"status": status}), error.code


def prepare():
    """Set the wrapper up before it makes its applications."""
    limit = threading.BoundedSemaphore(CONCURRENT_CALLS)
    for name in CALLS:
        setattr(seldon_methods, name, bounded(getattr(seldon_methods, name), limit))
    for name in EXTRACTS:
        setattr(seldon_methods, name, reading(getattr(seldon_methods, name)))
    grpc.server = functools.partial(grpc.server, interceptors=(Parsing(),))
    wrapper.CORS = lambda app: app  # no page of another origin has business here


class Server(BaseApplication):
    """One gunicorn worker for REST and metrics, told apart by their ports, with the gRPC server beside."""

    def __init__(self, class_path):
        self.class_path = class_path
        self.grpc_server = None
        super().__init__()

    def load_config(self):
        """Set gunicorn up; it stops with the worker's work done, or after DRAIN_SECONDS."""
        settings = {
            "bind": [f"{HOST}:{port('HTTP')}", f"{HOST}:{port('METRICS')}"],
            "workers": 1,
            "worker_class": "gthread",
            "threads": THREADS,
            "timeout": 0,
            "graceful_timeout": DRAIN_SECONDS,
            "keepalive": 3600,
            "post_worker_init": lambda worker: self.grpc_server.start(),
            "worker_exit": lambda arbiter, worker: self.stop_grpc(),
        }
        for name, value in settings.items():
            self.cfg.set(name, value)

    def load(self):
        """Make the user's object and the wrapper's applications around it; runs in the worker."""
        module, _, name = self.class_path.rpartition(".")
        parameters = parse_parameters(json.loads(os.environ.get("PREDICTIVE_UNIT_PARAMETERS", "[]")))
        model = getattr(importlib.import_module(module), name)(**parameters)
        if hasattr(model, "load"):
            model.load()
        metrics = Metrics()
        self.grpc_server = make_grpc_server(model, metrics)
        rest = wrapper.get_rest_microservice(model, metrics)
        rest.register_error_handler(HTTPException, http_error)
        rest.config["MAX_CONTENT_LENGTH"] = LARGEST_MESSAGE
        return by_port({port("HTTP"): rest, port("METRICS"): wrapper.get_metrics_microservice(metrics)})

    def stop_grpc(self):
        """Finish open calls."""
        if self.grpc_server is not None:
            self.grpc_server.stop(DRAIN_SECONDS).wait()


def make_grpc_server(model, metrics):
    """Make the wrapper's gRPC server and bind it to loopback."""
    limits = {ANNOTATION_GRPC_MAX_MSG_SIZE: str(LARGEST_MESSAGE)}
    server = wrapper.get_grpc_server(model, metrics, annotations=limits, num_threads=THREADS)
    server.add_insecure_port(f"{HOST}:{port('GRPC')}")
    return server


def by_port(applications):
    """Make one WSGI application of several, by the port that a request came to."""

    def application(environ, start_response):
        return applications[int(environ["SERVER_PORT"])](environ, start_response)

    return application


if __name__ == "__main__":
    prepare()
    Server(sys.argv[1]).run()
