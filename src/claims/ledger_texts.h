// The texts of the ledger: data/claims/whitepaper.yaml, compiled in. Internal to this module.
#pragma once

#include <string>
#include <vector>

#include "core/result.h"

namespace phasegate::claims {

struct TextAnchor {
  std::string path;
  std::string report;
  std::string run;
};

struct LedgerText {
  std::string id;
  std::string kind;
  std::string text;
  std::string where;
  std::string rule;
  std::vector<TextAnchor> anchors;
};

[[nodiscard]] const std::vector<LedgerText>& ledger_texts();  // of the compiled-in file
// Strict: an unknown key, anchor or rule is an error that names file and line.
[[nodiscard]] core::Result<std::vector<LedgerText>> parse_ledger_texts(const std::string& yaml,
                                                                       const std::string& source);

}  // namespace phasegate::claims
