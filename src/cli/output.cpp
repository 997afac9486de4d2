#include "cli/output.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "cli/options.h"

namespace phasegate::cli {

int exit_code(core::ErrorKind kind) {
  switch (kind) {
    case core::ErrorKind::invalid_input:
    case core::ErrorKind::not_found: return kExitUsage;
    case core::ErrorKind::io:
    case core::ErrorKind::unsupported:
    case core::ErrorKind::toolchain_missing:
    case core::ErrorKind::conflict: return kExitEnvironment;
    case core::ErrorKind::engine:
    case core::ErrorKind::timeout:
    case core::ErrorKind::aborted:
    case core::ErrorKind::evidence: return kExitEvidence;
  }
  return kExitEvidence;
}

int report_error(const core::Error& error, bool json) {
  fmt::print(stderr, "phasegate: {}\n", error.message());
  const int code = exit_code(error.kind);
  if (json) {
    print_json({{"error",
                 {{"kind", core::to_string(error.kind)},
                  {"what", error.what},
                  {"where", error.where},
                  {"next", error.next},
                  {"exit_code", code}}}});
  }
  return code;
}

void print_json(const core::Json& document) {
  print_text(document.dump(2, ' ', false, core::Json::error_handler_t::replace) + "\n");
}

void print_text(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

bool stdout_has_color() {
  const char* no_color = std::getenv("NO_COLOR");  // NOLINT(concurrency-mt-unsafe): one thread reads, none writes
  return isatty(STDOUT_FILENO) == 1 && (no_color == nullptr || *no_color == '\0');
}

int stdout_width() {
  winsize size{};
  if (isatty(STDOUT_FILENO) == 1 && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    return std::clamp<int>(size.ws_col, 60, 160);
  }
  return 100;
}

bool stderr_is_terminal() { return isatty(STDERR_FILENO) == 1; }

}  // namespace phasegate::cli
