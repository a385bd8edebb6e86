#!/usr/bin/env bash
# All that needs a GPU, on a machine that has one: builds, runs every test, compute-sanitizer and the
# GPU benchmarks. Nothing is fetched, and nothing is left beside what is asked for: Python with CuPy,
# torch, pybind11, scikit-build-core, pytest and the package's own dependencies, CMake, ninja and
# nvcc are there. Takes some minutes, at most nine.
#
#   benchmarks/on_device.sh [FILE.json]
#
# writes the benchmarks' numbers to FILE.json, by default $OUT/gpu.json, and the log of each stage
# beside it. A stage that fails is reported at the end, by exit status 1; the later ones run anyway.
set -euo pipefail
exec </dev/null

if [ $# -gt 1 ] || [ -z "${1:-${OUT:-}}" ]; then
    echo "usage: $0 FILE.json, or with OUT=FOLDER in the environment: $0" >&2
    exit 2
fi
json=$(realpath -m -- "${1:-$OUT/gpu.json}")
logs=$(dirname -- "$json")
mkdir -p -- "$logs"
cd "$(dirname -- "$0")/.."

python=${PYTHON:-python3}
most_seconds=540
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT

export PYTHONPATH=$work/site PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
export CUPY_CACHE_DIR=$work/cupy HYPOTHESIS_STORAGE_DIRECTORY=$work/hypothesis
export JAX_PLATFORMS=cpu  # or else it takes most of the GPU's memory
export PATH=$PATH:/usr/local/cuda/bin
export CUDAARCHS=${CUDAARCHS:-native}
export CMAKE_BUILD_PARALLEL_LEVEL=${CMAKE_BUILD_PARALLEL_LEVEL:-$(nproc)}
export PANFUSE_OBJECTS=$work/build

# stage NAME SECONDS COMMAND...
stage() {
    local name=$1 limit=$2 begin=$SECONDS left=$((most_seconds - SECONDS)) status=0
    shift 2
    if ((limit > left)); then limit=$left; fi
    if ((limit > 0)); then
        timeout --kill-after=10 "$limit" "$@" >"$logs/$name.log" 2>&1 || status=$?
    else
        status="no time left"
    fi
    if [ "$status" = 0 ]; then
        status=ok
    else
        [ "$status" != 124 ] || status="more than $limit s"
        echo "$name: $status" >>"$work/failures"
        status="FAILED ($status)"
    fi
    echo "$name: $status, $((SECONDS - begin)) s" | tee -a "$work/times"
    [ "$status" = ok ] || tail -n 30 -- "$logs/$name.log" 2>/dev/null | sed 's/^/    /' || true
}

# A sanitizer sees what lies in a pool as one allocation, so the pools are off. The tests left out
# are large, or time streams, which a sanitizer holds up.
sanitized_tests='
import sys
import cupy, pytest
cupy.cuda.set_allocator(None)
sys.exit(pytest.main(sys.argv[1:]))
'
sanitize() {  # sanitize TOOL OPTION...
    PYTORCH_NO_CUDA_MEMORY_CACHING=1 stage "$1" 150 \
        compute-sanitizer --tool "$@" --error-exitcode 99 "$python" -c "$sanitized_tests" \
        -q -p no:cacheprovider -m cuda \
        -k "not large and not threads and not stream and not address and not pools and not wait" \
        tests/matching tests/cuda
}

has_gpu='
import panfuse as pf
pf.show_config()
state = pf.backends()["cuda"]
assert state.available, state.detail
assert pf.backends()["emulated"].available
'
parallel=()
if "$python" -c "import xdist" 2>/dev/null; then parallel=(-n 8); fi
pytest=("$python" -m pytest -q -p no:cacheprovider)

stage build 200 "$python" -m pip install --quiet --no-index --no-deps --no-build-isolation \
    --disable-pip-version-check --target "$work/site" -C build-dir="$work/build" \
    -C cmake.define.PANFUSE_CUDA=ON -C cmake.define.PANFUSE_EMULATED=ON .
stage config 60 "$python" -c "$has_gpu"
stage tests 150 "${pytest[@]}" "${parallel[@]}" -m "not cuda"
stage cuda 150 "${pytest[@]}" -m cuda

# At once: most of their time is the host's.
sanitize memcheck --report-api-errors no &
sanitize racecheck &
sanitize synccheck &
sanitize initcheck &
wait
for tool in memcheck racecheck synccheck initcheck; do
    if [ -f "$logs/$tool.log" ]; then
        { echo "=== $tool"; cat -- "$logs/$tool.log"; } >>"$work/sanitizers.log"
        rm -- "$logs/$tool.log"
    fi
done
[ ! -f "$work/sanitizers.log" ] || mv -- "$work/sanitizers.log" "$logs/sanitizers.log"

stage bench 150 "$python" -m benchmarks.bench_gpu "$work/gpu.json"
[ ! -f "$work/gpu.json" ] || cp -- "$work/gpu.json" "$json"

echo
cat -- "$work/times"
if [ -s "$work/failures" ]; then
    echo
    echo "failed:"
    sed 's/^/    /' "$work/failures"
    exit 1
fi
echo "all stages passed, $SECONDS s; the numbers are in $json"
