"""Starts MLServer on a folder: ``python serve.py FOLDER``.

A body that is no request of protocol v2 gets 400 with ``error``, as the protocol has it, where MLServer by itself
answers 422 in its web framework's own shape; over gRPC it gets INVALID_ARGUMENT and not UNKNOWN.
"""

import sys

import grpc
from fastapi.exceptions import RequestValidationError
from google.protobuf.message import DecodeError
from grpc import aio
from mlserver.cli import main
from mlserver.rest import errors
from mlserver.rest.responses import Response


async def refuse(request, error):
    """Say what is wrong with a body, and where."""
    found = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()[:3])
    return Response(status_code=400, content={"error": f"no inference request: {found}"})


class Parsing(aio.ServerInterceptor):
    """Parses messages itself, to answer for those that are none."""

    async def intercept_service(self, continuation, details):
        """Put the parsing of one call's message before the call."""
        handler = await continuation(details)
        if handler is None or handler.unary_unary is None:
            return handler

        async def parse_and_call(wire, context):
            try:
                request = handler.request_deserializer(wire)
            except DecodeError as error:
                await context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"no inference request: {error}")
            return await handler.unary_unary(request, context)

        return grpc.unary_unary_rpc_method_handler(parse_and_call, None, handler.response_serializer)


def with_parsing(make_server):
    """Let every gRPC server that MLServer makes parse messages in this way."""

    def make(*arguments, interceptors=(), **options):
        return make_server(*arguments, interceptors=[*interceptors, Parsing()], **options)

    return make


if __name__ == "__main__":
    errors._EXCEPTION_HANDLERS[RequestValidationError] = refuse
    aio.server = with_parsing(aio.server)
    sys.argv = ["mlserver", "start", sys.argv[1]]
    main()
