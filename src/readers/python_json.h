// Python's json module writes NaN, Infinity and -Infinity, and people print None: no JSON, but what such files contain.
// Internal.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace phasegate::readers {

// One of those words in a text that was replaced by "null".
struct Replaced {
  std::size_t at = 0;        // in the new text
  std::ptrdiff_t shift = 0;  // old position - new position behind it
};

// `text` with those words outside of JSON texts as "null", into `out`. False, and `out` untouched, when there is none.
// `places` may be null; they are in order.
[[nodiscard]] bool replace_python_words(std::string_view text, std::string& out, std::vector<Replaced>* places);

}  // namespace phasegate::readers
