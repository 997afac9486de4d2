#include <fmt/format.h>

#include "cli/context.h"
#include "cli/output.h"
#include "cli/policy_source.h"
#include "core/files.h"
#include "evidence/policy.h"
#include "policy/card.h"

namespace phasegate::cli {

int cmd_card(Context& context, const CardOptions& options) {
  const bool json = context.options.json;
  const auto policy = find_policy(context, options.source);
  if (!policy) return report_error(policy.error(), json);
  if (!options.html.empty()) {
    const auto page = policy::render_html(*policy);
    if (!page) return report_error(page.error(), json);
    if (const auto written = core::write_file_atomic(options.html, *page); !written)
      return report_error(written.error(), json);
    fmt::print(stderr, "wrote {}\n", options.html);
  }
  if (json) {
    print_json(evidence::to_json(*policy));
  } else if (options.html.empty()) {
    const auto text = policy::render_terminal(*policy, {stdout_width(), stdout_has_color()});
    if (!text) return report_error(text.error(), json);
    print_text(*text);
  }
  return policy->provisional ? kExitEvidence : kExitDone;
}

}  // namespace phasegate::cli
