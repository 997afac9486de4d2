// What a source leaves unsaid, in words: what `import` lists. What each gap forbids is for claims/check.h. Pure.
#pragma once

#include <string>
#include <vector>

#include "readers/source.h"

namespace phasegate::readers {

struct Lack {
  std::string fact;     // as it is named in source.json ("sessions"), or "environment"
  std::string meaning;  // what it would have said
};

// The facts that the source does not state, in the order of Facts, and how many keys of the environment are absent.
[[nodiscard]] std::vector<Lack> lacks_of(const Source& source);

}  // namespace phasegate::readers
