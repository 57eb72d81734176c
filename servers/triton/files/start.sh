#!/bin/sh
# Becomes the server, on what repository.py lays out. The TRITON_* variables are set in server.toml.
set -eu
cd "$TRITON_FOLDER"

# Where pip put the server, which of its stubs fits this Python, where this Python's own library is, which models it
# loads, and a secret: what only an operator needs is behind a header that only who owns this folder can know, and the
# gateway does not route it either.
settings=$("$TRITON_PYTHON" "$TRITON_FOLDER/repository.py" start)
eval "$settings"
server=$packages/pytriton/tritonserver

rm -rf backends
mkdir -p backends/python
ln -s "$server"/backends/python/* "$server/python_backend_stubs/$python_version/triton_python_backend_stub" backends/python/

# The stub is linked against a shared libpython, which some builds of Python lack.
stub=backends/python/triton_python_backend_stub
export LD_LIBRARY_PATH="$libraries:$packages/nvidia_pytriton.libs${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
if command -v ldd >/dev/null && ldd "$stub" | grep 'not found'; then
    echo "Triton's python backend lacks the libraries above; use a Python with a shared library (uv python install 3.11)"
    exit 1
fi
PATH="$(dirname "$TRITON_PYTHON"):$PATH"
export PATH

restricted="shared-memory,model-repository,trace,logging:triton-operator=$secret"

gpu_metrics=false
if nvidia-smi -L >/dev/null 2>&1; then
    gpu_metrics=true
fi

# TRITON_TRACING holds arguments without blanks in them, where the stack has its spans sent somewhere.
# No information in its log: it would push what went wrong out of the last lines, which a failed `up` shows.
exec "$server/bin/tritonserver" \
    --id="$TRITON_NAME" \
    --model-repository="$TRITON_FOLDER/repository" \
    --backend-directory="$TRITON_FOLDER/backends" \
    --model-control-mode=explicit \
    --http-address=127.0.0.1 --http-port="$TRITON_HTTP_PORT" \
    --grpc-address=127.0.0.1 --grpc-port="$TRITON_GRPC_PORT" \
    --metrics-address=127.0.0.1 --metrics-port="$TRITON_METRICS_PORT" \
    --http-restricted-api="$restricted" \
    --grpc-restricted-protocol="$restricted" \
    --allow-gpu-metrics="$gpu_metrics" \
    --log-info=false \
    --exit-timeout-secs=30 \
    ${TRITON_TRACING:-} \
    "$@"
