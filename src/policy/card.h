// The Decision Card: one page that says what to run, what not to believe and when to measure again. Two renderings of
// one model, both from the policy alone, so that a card can be shown wherever its policy is.
#pragma once

#include <string>

#include "core/result.h"
#include "evidence/policy.h"

namespace phasegate::policy {

struct TerminalOptions {
  int width = 100;      // columns; kept inside 80..120
  bool colour = false;  // ANSI colours; the caller knows about NO_COLOR and pipes
};

[[nodiscard]] core::Result<std::string> render_terminal(const evidence::Policy& policy, const TerminalOptions& options);

// One self-contained file: no script, no external resource; light and dark, wide, narrow and print.
[[nodiscard]] core::Result<std::string> render_html(const evidence::Policy& policy);

}  // namespace phasegate::policy
