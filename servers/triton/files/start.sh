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

# Puts all that a folder holds into one of the repository's models; what is there by that name already gives way.
link_into() {
    mkdir -p "repository/$2"
    for entry in "$1"/*; do
        ln -sfn "$entry" "repository/$2/$(basename "$entry")"
    done
}

# TRITON_MODEL is a model repository, or the files of one version of one model. typed/ and config.pbtxt are what the
# definition says in types: of each model of a repository, of the one model.
if [ -d typed ] || [ -d "$TRITON_MODEL/$TRITON_NAME" ]; then
    for folder in "$TRITON_MODEL"/*/; do
        link_into "${folder%/}" "$(basename "$folder")"
    done
else
    mkdir -p "repository/$TRITON_NAME"
    ln -s "$TRITON_MODEL" "repository/$TRITON_NAME/${TRITON_VERSION:-1}"
fi
set --
if [ -d typed ]; then
    for folder in "$PWD"/typed/*/; do
        name=$(basename "$folder")
        link_into "${folder%/}" "$name"
        set -- "$@" --load-model="$name"
    done
else
    # An ensemble brings its steps along.
    set -- --load-model="$TRITON_NAME"
fi
if [ -f config.pbtxt ]; then
    ln -sf "$PWD/config.pbtxt" "repository/$TRITON_NAME/config.pbtxt"
fi
if [ -d typed ] || [ -f config.pbtxt ]; then
    set -- "$@" --disable-auto-complete-config
fi

# The version folder of an ensemble is empty, and copies hold no empty folders.
for config in repository/*/config.pbtxt; do
    folder=$(dirname "$config")
    if grep -qs ensemble_scheduling "$config" && ! ls -d "$folder"/[1-9]*/ >/dev/null 2>&1; then
        mkdir "$folder/1"
    fi
done

# What some configurations need of the server; without, Triton serves their models as if they had not asked for it.
if grep -qs response_cache repository/*/config.pbtxt; then
    set -- "$@" --cache-config=local,size=67108864 --cache-directory="$server/caches"
fi
if grep -qs rate_limiter repository/*/config.pbtxt; then
    set -- "$@" --rate-limit=execution_count
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
    --model-control-mode=explicit \
    --http-address=127.0.0.1 --http-port="$TRITON_HTTP_PORT" \
    --grpc-address=127.0.0.1 --grpc-port="$TRITON_GRPC_PORT" \
    --metrics-address=127.0.0.1 --metrics-port="$TRITON_METRICS_PORT" \
    --http-restricted-api="$restricted" \
    --grpc-restricted-protocol="$restricted" \
    --allow-gpu-metrics=false \
    --log-info=false \
    --exit-timeout-secs=30 \
    "$@"
