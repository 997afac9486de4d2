#include "evidence/codec.h"

#include <algorithm>

namespace phasegate::evidence {

bool is_sha256(std::string_view text) {
  return text.size() == 64 &&
         std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

}  // namespace phasegate::evidence
