# Warnings are errors for our code alone: third-party headers are SYSTEM.
add_library(phasegate_options INTERFACE)
target_compile_options(phasegate_options INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Werror
  # gcc 12 reports these inside inlined library templates (std::string, std::variant); clang and the sanitizers watch instead.
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict -Wno-maybe-uninitialized -Wno-dangling-pointer -Wno-stringop-overflow -Wno-array-bounds>
  # libstdc++ 12 itself calls what it deprecates (std::stable_sort's buffer), and clang reports it at our call.
  $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety -Wno-deprecated-declarations>)
if(PHASEGATE_SANITIZE)
  target_compile_options(phasegate_options INTERFACE -fsanitize=${PHASEGATE_SANITIZE} -fno-omit-frame-pointer)
  target_link_options(phasegate_options INTERFACE -fsanitize=${PHASEGATE_SANITIZE})
  target_compile_definitions(phasegate_options INTERFACE PHASEGATE_SANITIZER="${PHASEGATE_SANITIZE}")
endif()
