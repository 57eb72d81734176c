"""Starts MLServer on a folder: ``python serve.py FOLDER``.

What is no request of protocol v2 gets 400 with ``error``, as the protocol has it, and INVALID_ARGUMENT over gRPC, where
MLServer by itself answers 422 or 500 in its web framework's own shape, INTERNAL or UNKNOWN. What a model gets wrong
stays 500, in the protocol's shape.
"""

import functools
import sys
import traceback

import grpc
from fastapi.exceptions import RequestValidationError
from google.protobuf.message import DecodeError
from grpc import aio
from inference_checks import check
from mlserver.cli import main
from mlserver.errors import InferenceError, MLServerError
from mlserver.grpc import utils as rpc
from mlserver.grpc.server import GRPCServer
from mlserver.grpc.servicers import InferenceServicer
from mlserver.handlers import DataPlane
from mlserver.rest import errors
from mlserver.rest.responses import Response
from starlette.exceptions import HTTPException

DRAIN_SECONDS = 30
"""How long open gRPC calls may take after TERM, as ``drain_seconds`` in server.toml; REST requests have no limit."""
LONGEST_TEXT = 500
"""Characters of an error; gRPC refuses an answer with more than 8 KiB of metadata."""


async def refuse(request, error):
    """Say what is wrong with a body, and where."""
    found = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()[:3])
    return Response(status_code=400, content={"error": f"no inference request: {found}"})


async def refuse_path(request, error):
    """Say that there is no such path, or not for this method."""
    return Response(status_code=error.status_code, content={"error": f"{request.url.path}: {error.detail}"})


async def fail(request, error):
    """Say that the model failed; MLServer itself logs why."""
    return Response(status_code=500, content={"error": f"the model failed: {type(error).__name__}: {error}"})


def checking(infer):
    """Refuse a request for what is wrong with it before the model sees it, or while its tensors are decoded."""

    @functools.wraps(infer)
    async def check_and_infer(self, payload, *arguments, **options):
        check(payload)
        try:
            return await infer(self, payload, *arguments, **options)
        except MLServerError:
            raise
        except Exception as error:
            if arose_while_decoding(error):
                raise InferenceError(f"the input cannot be decoded: {error}") from error
            raise

    return check_and_infer


def arose_while_decoding(error):
    """Tell whether one of MLServer's codecs was reading a tensor when it happened."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    return any(
        frame.f_globals.get("__name__", "").startswith("mlserver.codecs") and "decode" in frame.f_code.co_name
        for frame in frames
    )


def converting(convert):
    """Refuse a message that is no request: raw tensors with too few bytes, for one."""

    @functools.wraps(convert)
    def convert_or_refuse(*arguments):
        try:
            return convert(*arguments)
        except Exception as error:
            raise InferenceError(f"no inference request: {error}") from error

    return convert_or_refuse


async def drain(self, sig=None):
    """Let open gRPC calls finish; MLServer would cut them after 5 s."""
    await self._server.stop(grace=DRAIN_SECONDS)


class Context:
    """A call's context whose errors are short enough to be sent."""

    def __init__(self, context):
        self._context = context

    def __getattr__(self, name):
        return getattr(self._context, name)

    async def abort(self, code, details="", trailing_metadata=()):
        """End the call with an error."""
        await self._context.abort(code, details[:LONGEST_TEXT], trailing_metadata)


class Parsing(aio.ServerInterceptor):
    """Parses messages itself, to answer for those that are none."""

    async def intercept_service(self, continuation, details):
        """Put the parsing of one call's message before the call."""
        handler = await continuation(details)
        if handler is None or handler.unary_unary is None:
            return handler

        async def parse_and_call(wire, context):
            context = Context(context)
            try:
                return await handler.unary_unary(handler.request_deserializer(wire), context)
            except DecodeError as error:
                await context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"no inference request: {error}")
            except MLServerError as error:
                await context.abort(rpc._grpc_status_code(error), str(error))

        return grpc.unary_unary_rpc_method_handler(parse_and_call, None, handler.response_serializer)


def with_parsing(make_server):
    """Let every gRPC server that MLServer makes parse messages in this way."""

    def make(*arguments, interceptors=(), **options):
        return make_server(*arguments, interceptors=[*interceptors, Parsing()], **options)

    return make


def mend():
    """Put all of this into MLServer."""
    errors._EXCEPTION_HANDLERS.update({RequestValidationError: refuse, HTTPException: refuse_path, Exception: fail})
    DataPlane.infer = checking(DataPlane.infer)
    InferenceServicer._InsertHeaders = converting(InferenceServicer._InsertHeaders)
    GRPCServer.stop = drain
    aio.server = with_parsing(aio.server)


if __name__ == "__main__":
    mend()
    sys.argv = ["mlserver", "start", sys.argv[1]]
    main()
