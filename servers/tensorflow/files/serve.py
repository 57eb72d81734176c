"""Serves a SavedModel by TensorFlow Serving's REST and gRPC predict API, on loopback only.

TensorFlow Serving's own program comes as an image and as a package of its makers' archive. This one has the part of its
interface that a deployment's clients may call: predict, metadata and status of the version with the highest number.
"""

import argparse
import asyncio
import gc
import os
import signal
import time
from contextlib import contextmanager

import grpc
import rest
import rpc
import uvloop
from aiohttp import web
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from saved_model import Model, NotServed, Refused

HOST = "127.0.0.1"
DRAIN_SECONDS = 30
IDLE_SECONDS = 3600
"""How long a silent connection is kept: the gateway closes its own before."""
METRICS_PATH = "/monitoring/prometheus/metrics"


class Metrics:
    """How many requests there were, how they ended and how long they took, under TensorFlow Serving's names."""

    def __init__(self, name):
        self.registry, self.name = CollectorRegistry(), name
        labels = ("model_name", "API", "status")
        prefix = ":tensorflow:serving:"
        self.count = Counter(f"{prefix}request_count", "Requests.", labels, registry=self.registry)
        buckets = [10 * 1.8**power for power in range(30)]
        self.latency = Histogram(
            f"{prefix}request_latency", "Microseconds.", ("model_name", "API"), buckets=buckets, registry=self.registry
        )

    @contextmanager
    def request(self, api):
        """Count what happens inside."""
        begun, status = time.perf_counter(), "OK"
        try:
            yield
        except Refused:
            status = "INVALID_ARGUMENT"
            raise
        except NotServed:
            status = "NOT_FOUND"
            raise
        except Exception:
            status = "INTERNAL"
            raise
        finally:
            self.count.labels(self.name, api, status).inc()
            self.latency.labels(self.name, api).observe((time.perf_counter() - begun) * 1e6)

    async def page(self, request):
        """Write them down for Prometheus."""
        return web.Response(body=generate_latest(self.registry), content_type="text/plain")


async def listen(application, port):
    """Serve an application on one port."""
    runner = web.AppRunner(application, access_log=None, keepalive_timeout=IDLE_SECONDS, shutdown_timeout=DRAIN_SECONDS)
    await runner.setup()
    await web.TCPSite(runner, HOST, port).start()
    return runner


async def serve(model):
    """Serve until TERM or INT, then finish open requests."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    metrics = Metrics(model.name)
    server = grpc.aio.server(options=rpc.OPTIONS)
    server.add_generic_rpc_handlers([rpc.Rpc(model, metrics)])
    server.add_insecure_port(f"{HOST}:{os.environ['GRPC_PORT']}")
    await server.start()
    pages = web.Application()
    pages.router.add_get(METRICS_PATH, metrics.page)
    ports = {"METRICS_PORT": pages, "REST_PORT": rest.application(model, metrics, rpc)}
    runners = [await listen(application, int(os.environ[port])) for port, application in ports.items()]
    print(f"'{model.name}' version {model.version} is served", flush=True)
    await stop.wait()
    await asyncio.gather(server.stop(DRAIN_SECONDS), *(runner.cleanup() for runner in runners))


def main():
    """Load the model, then serve it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--name", required=True)
    parser.add_argument("--model", required=True)
    given = parser.parse_args()
    model = Model(given.name, given.model, threads=os.cpu_count())
    gc.freeze()  # what has been made until now stays
    uvloop.run(serve(model))


if __name__ == "__main__":
    main()
