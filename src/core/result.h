// Result<T>: what every fallible function of phasegate returns. Exceptions of libraries are caught at the adapter
// and never cross a module; a programmer's error is a CHECK (check.h), a fault of input, file, network or engine is an
// Error.
#pragma once

#include <fmt/format.h>

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace phasegate::core {

// A small closed set; its names are frozen, for they are written to records and decide the exit code.
enum class ErrorKind {
  invalid_input,      // malformed, out of range, unknown key; the user can mend it
  not_found,          // a file, run, model, engine or id that is not there
  io,                 // disk full, permission, short read
  unsupported,        // understood, but this build or machine cannot do it
  toolchain_missing,  // a library or tool that has to be installed first
  engine,             // an inference engine failed
  timeout,            // a deadline passed
  aborted,            // asked to stop
  conflict,           // store locked, newer format, run id in use
  evidence,           // tampered, non-canonical or too thin evidence
};

[[nodiscard]] const char* to_string(ErrorKind kind);

// What happened, to what and where, and what to do next.
struct Error {
  ErrorKind kind = ErrorKind::invalid_input;
  std::string what;   // one sentence
  std::string where;  // "file:line", "file: key path", a run id; may be empty
  std::string next;   // what to do about it; may be empty

  // "where: what (next)"
  [[nodiscard]] std::string message() const;
};

template <class T>
using Result = tl::expected<T, Error>;
using Status = Result<void>;

template <class... Args>
[[nodiscard]] tl::unexpected<Error> fail(ErrorKind kind, fmt::format_string<Args...> format, Args&&... args) {
  return tl::unexpected(Error{kind, fmt::format(format, std::forward<Args>(args)...), {}, {}});
}

[[nodiscard]] inline tl::unexpected<Error> fail(Error error) { return tl::unexpected(std::move(error)); }

// Adds the place to an error that lacks one: `return at(path, result.error())`.
[[nodiscard]] tl::unexpected<Error> at(std::string where, Error error);

}  // namespace phasegate::core

// Binds the value of a Result to `name`, or returns its error from the enclosing function.
#define PHASEGATE_TRY(name, expression)                      \
  auto name##_result = (expression);                         \
  if (!name##_result) {                                      \
    return tl::unexpected(std::move(name##_result).error()); \
  }                                                          \
  auto& name = *name##_result /* NOLINT(bugprone-macro-parentheses) */

// The same for a Status.
#define PHASEGATE_CHECK_OK(expression)                           \
  do {                                                           \
    if (auto status_of_check = (expression); !status_of_check) { \
      return tl::unexpected(std::move(status_of_check).error()); \
    }                                                            \
  } while (false)
