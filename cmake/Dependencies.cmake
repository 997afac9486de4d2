# Third-party libraries: Debian packages found by name, llama.cpp from the folder that deps/llamacpp.sh built.
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(simdjson REQUIRED)
find_package(tl-expected REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(CLI11 REQUIRED)
find_package(Boost REQUIRED)
find_package(GTest REQUIRED)
find_package(Threads REQUIRED)
if(PHASEGATE_BENCH)
  find_package(benchmark REQUIRED)
endif()
find_path(VALIJSON_INCLUDE valijson/validator.hpp REQUIRED)
find_path(SODIUM_INCLUDE sodium.h REQUIRED)
find_library(SODIUM_LIBRARY NAMES libsodium.a sodium REQUIRED)  # static where there is one: the program runs without it
add_library(libsodium INTERFACE)
target_include_directories(libsodium SYSTEM INTERFACE "${SODIUM_INCLUDE}")
target_link_libraries(libsodium INTERFACE "${SODIUM_LIBRARY}")
add_library(valijson INTERFACE)
target_include_directories(valijson SYSTEM INTERFACE "${VALIJSON_INCLUDE}")

# ONNX Runtime's C and C++ API headers are in the tree (MIT); the library itself is opened at run time, never linked.
add_library(onnxruntime_headers INTERFACE)
target_include_directories(onnxruntime_headers SYSTEM INTERFACE "${CMAKE_SOURCE_DIR}/third_party/onnxruntime")
target_link_libraries(onnxruntime_headers INTERFACE ${CMAKE_DL_LIBS})
set(PHASEGATE_ORT_LIBRARY "")
if(PHASEGATE_ORT_ROOT)
  set(PHASEGATE_ORT_LIBRARY "${PHASEGATE_ORT_ROOT}/lib/libonnxruntime.so")
endif()

if(NOT EXISTS "${PHASEGATE_LLAMACPP_ROOT}/include/llama.h")
  message(FATAL_ERROR "llama.cpp is not there: run deps/llamacpp.sh and pass -DPHASEGATE_LLAMACPP_ROOT=<the folder it prints>, or use `make build`")
endif()
foreach(lib llama ggml ggml-base)
  add_library(${lib} SHARED IMPORTED GLOBAL)
  set_target_properties(${lib} PROPERTIES
    IMPORTED_LOCATION "${PHASEGATE_LLAMACPP_ROOT}/lib/lib${lib}.so"
    INTERFACE_SYSTEM_INCLUDE_DIRECTORIES "${PHASEGATE_LLAMACPP_ROOT}/include"
    INTERFACE_INCLUDE_DIRECTORIES "${PHASEGATE_LLAMACPP_ROOT}/include")
endforeach()
