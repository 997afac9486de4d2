#include "evidence/failure.h"

#include <algorithm>
#include <array>
#include <string>

namespace phasegate::evidence {
namespace {

struct Sign {
  std::string_view words;  // in lower case
  Reason reason;
};

// In order: a text with several signs is of the first class. Words that appear in failures of more than one kind
// ("invalid argument", "profile") are none of them.
constexpr std::array kSigns = {
    Sign{"dtype_mismatch", Reason::dtype_or_size_mismatch},
    Sign{"dtype mismatch", Reason::dtype_or_size_mismatch},
    Sign{"size_mismatch", Reason::dtype_or_size_mismatch},
    Sign{"size mismatch", Reason::dtype_or_size_mismatch},
    Sign{"unexpected input data type", Reason::dtype_or_size_mismatch},
    Sign{"expected scalar type", Reason::dtype_or_size_mismatch},
    Sign{"set_input_shape_failed", Reason::shape_out_of_range},
    Sign{"static_shape_batch_mismatch", Reason::shape_out_of_range},
    Sign{"shape_out_of_range", Reason::shape_out_of_range},
    Sign{"optimization profile", Reason::shape_out_of_range},
    Sign{"got invalid dimensions", Reason::shape_out_of_range},
    Sign{"maximum context length", Reason::shape_out_of_range},
    Sign{"out of memory", Reason::out_of_memory},
    Sign{"out_of_memory", Reason::out_of_memory},
    Sign{"outofmemory", Reason::out_of_memory},
    Sign{"bad_alloc", Reason::out_of_memory},
    Sign{"cannot allocate memory", Reason::out_of_memory},
    Sign{"timeout", Reason::deadline_passed},
    Sign{"timed out", Reason::deadline_passed},
    Sign{"deadline", Reason::deadline_passed},
    Sign{"no_room", Reason::no_room},
    Sign{"cuda_provider_unavailable", Reason::provider_fallback},
    Sign{"provider_fallback", Reason::provider_fallback},
    Sign{"torch_unavailable", Reason::toolchain_missing},
    Sign{"cuda_unavailable", Reason::toolchain_missing},
    Sign{"backend_unavailable", Reason::toolchain_missing},
    Sign{"missing_or_unavailable", Reason::toolchain_missing},
    Sign{"unsupported_backend", Reason::toolchain_missing},
    Sign{"toolchain_missing", Reason::toolchain_missing},
    Sign{"tritonmissing", Reason::toolchain_missing},
    Sign{"no module named", Reason::toolchain_missing},
    Sign{"modulenotfounderror", Reason::toolchain_missing},
    Sign{"engine_not_found", Reason::load_failed},
    Sign{"export_failed", Reason::load_failed},
    Sign{"session_missing", Reason::load_failed},
    Sign{"prepare_error", Reason::load_failed},
    Sign{"load_failed", Reason::load_failed},
    Sign{"fail_accuracy", Reason::invalid_output},
    Sign{"invalid_output", Reason::invalid_output},
};

bool has(std::string_view text, std::string_view words) { return text.find(words) != std::string_view::npos; }

// A copy into a device buffer refuses its arguments when the host array has another type or length than the buffer was
// allocated for.
bool is_copy_mismatch(std::string_view text) {
  return (has(text, "cumemcpy") || has(text, "cudamemcpy")) &&
         (has(text, "invalid argument") || has(text, "invalid value"));
}

}  // namespace

Reason classify_failure(std::string_view text) {
  if (text.empty()) return Reason::none;
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  if (is_copy_mismatch(lower)) return Reason::dtype_or_size_mismatch;
  const auto* sign = std::find_if(kSigns.begin(), kSigns.end(), [&](const Sign& s) { return has(lower, s.words); });
  return sign == kSigns.end() ? Reason::other : sign->reason;
}

}  // namespace phasegate::evidence
