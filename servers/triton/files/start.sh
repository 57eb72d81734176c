#!/bin/sh
# Lays out what Triton reads, out of links, and becomes the server. The TRITON_* variables are set in server.toml.
set -eu
cd "$TRITON_FOLDER"

# Where pip put the server, which of its stubs fits this Python, and where this Python's own library is.
eval "$("$TRITON_PYTHON" - <<'END'
import shlex, sys, sysconfig
print("packages=" + shlex.quote(sysconfig.get_path("purelib")))
print("libraries=" + shlex.quote(sysconfig.get_config_var("LIBDIR")))
print("python_version=%d.%d" % sys.version_info[:2])
END
)"
server=$packages/pytriton/tritonserver

rm -rf backends repository
mkdir -p backends/python
ln -s "$server"/backends/python/* "$server/python_backend_stubs/$python_version/triton_python_backend_stub" backends/python/

# TRITON_MODEL is a model repository, or the files of one version of one model.
mkdir -p "repository/$TRITON_NAME"
if [ -d "$TRITON_MODEL/$TRITON_NAME" ]; then
    ln -s "$TRITON_MODEL/$TRITON_NAME"/* "repository/$TRITON_NAME/"
else
    ln -s "$TRITON_MODEL" "repository/$TRITON_NAME/${TRITON_VERSION:-1}"
fi
if [ -f config.pbtxt ]; then
    ln -sf "$PWD/config.pbtxt" "repository/$TRITON_NAME/config.pbtxt"
    set -- --disable-auto-complete-config
fi

# The stub is linked against a shared libpython, which some builds of Python lack.
stub=backends/python/triton_python_backend_stub
export LD_LIBRARY_PATH="$libraries:$packages/nvidia_pytriton.libs${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
if command -v ldd >/dev/null && ldd "$stub" | grep 'not found'; then
    echo "Triton's python backend lacks the libraries above; use a Python with a shared library (uv python install 3.11)"
    exit 1
fi
PATH="$(dirname "$TRITON_PYTHON"):$PATH"
export PATH

# What only an operator needs is behind a header that nobody is told: the gateway does not route it either. The value
# is new at each start; it keeps out what reaches the port, not who can read this process's arguments.
secret=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
restricted="shared-memory,model-repository,trace,logging:triton-operator=$secret"

# No information in its log: it would push what went wrong out of the last lines, which a failed `up` shows.
exec "$server/bin/tritonserver" \
    --id="$TRITON_NAME" \
    --model-repository="$TRITON_FOLDER/repository" \
    --backend-directory="$TRITON_FOLDER/backends" \
    --model-control-mode=none \
    --http-address=127.0.0.1 --http-port="$TRITON_HTTP_PORT" \
    --grpc-address=127.0.0.1 --grpc-port="$TRITON_GRPC_PORT" \
    --metrics-address=127.0.0.1 --metrics-port="$TRITON_METRICS_PORT" \
    --http-restricted-api="$restricted" \
    --grpc-restricted-protocol="$restricted" \
    --allow-gpu-metrics=false \
    --log-info=false \
    --exit-timeout-secs=30 \
    "$@"
