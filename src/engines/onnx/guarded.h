// Ort's C++ API throws; nothing thrown leaves this folder.
#pragma once

#include <exception>
#include <utility>

#include "core/result.h"
#include "engines/onnx/ort_api.h"

namespace phasegate::engines::onnx {

// Runs `body` (which returns a Result or a Status) and turns what it throws into an Error of kind engine at `where`.
template <class Body>
[[nodiscard]] auto guarded(const std::string& where, Body&& body) -> decltype(body()) {
  try {
    return std::forward<Body>(body)();
  } catch (const Ort::Exception& error) {
    return core::fail({core::ErrorKind::engine, fmt::format("ONNX Runtime: {}", error.what()), where, {}});
  } catch (const std::exception& error) {
    return core::fail({core::ErrorKind::engine, error.what(), where, {}});
  }
}

}  // namespace phasegate::engines::onnx
