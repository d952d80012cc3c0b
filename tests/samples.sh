#!/usr/bin/env bash
# Holds the sample verifiers of every language against the published vectors. A language whose
# tools are not here is skipped, and said to be; a vector that is read differently is a failure.
set -euo pipefail
cd "$(dirname "$0")/../samples"
vectors=$PWD/../tests/vectors/machine-license.json

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

has() { command -v "$1" >/dev/null; }

python() {
    has python3 && python3 -c 'import cryptography' 2>/dev/null || return 77
    PYTHONDONTWRITEBYTECODE=1 python3 python/run_vectors.py "$vectors"
}

javascript() {
    has node || return 77
    node javascript/run-vectors.mjs "$vectors"
}

java_() {
    has javac || return 77
    javac -Xlint:all -Werror -d "$work/java" java/*.java &&
        java -cp "$work/java" RunVectors "$vectors"
}

cpp() {
    local compiler=${CXX:-c++}
    has "$compiler" && echo '#include <openssl/evp.h>' | "$compiler" -E -x c++ - >/dev/null 2>&1 || return 77
    "$compiler" -std=c++17 -Wall -Wextra -Werror -o "$work/cpp" cpp/run_vectors.cpp -lcrypto &&
        "$work/cpp" "$vectors"
}

go_() {
    has go || return 77
    (cd go && go vet . && go build -o "$work/go" . && "$work/go" "$vectors")
}

csharp() {
    has dotnet || return 77
    cp -r csharp "$work/csharp" && dotnet run --project "$work/csharp" -- "$vectors"
}

swift_() {
    has swift || return 77
    swift run --package-path swift --scratch-path "$work/swift" RunVectors "$vectors"
}

failed=() skipped=()
for language in python javascript java_ cpp go_ csharp swift_; do
    status=0
    "$language" || status=$?
    case $status in
    0) ;;
    77) skipped+=("${language%_}") ;;
    *) failed+=("${language%_}") ;;
    esac
done
[ ${#skipped[@]} = 0 ] || echo "skipped, for want of their tools: ${skipped[*]}"
[ ${#failed[@]} = 0 ] || { echo "failed: ${failed[*]}" >&2; exit 1; }
