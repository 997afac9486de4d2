#include "core/result.h"

namespace phasegate::core {

const char* to_string(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::invalid_input: return "invalid_input";
    case ErrorKind::not_found: return "not_found";
    case ErrorKind::io: return "io";
    case ErrorKind::unsupported: return "unsupported";
    case ErrorKind::toolchain_missing: return "toolchain_missing";
    case ErrorKind::engine: return "engine";
    case ErrorKind::timeout: return "timeout";
    case ErrorKind::aborted: return "aborted";
    case ErrorKind::conflict: return "conflict";
    case ErrorKind::evidence: return "evidence";
  }
  return "unknown";
}

std::string Error::message() const {
  std::string text = where.empty() ? what : where + ": " + what;
  if (!next.empty()) text += " (" + next + ")";
  return text;
}

tl::unexpected<Error> at(std::string where, Error error) {
  if (error.where.empty()) error.where = std::move(where);
  return tl::unexpected(std::move(error));
}

}  // namespace phasegate::core
