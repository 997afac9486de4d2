// The matrix reader takes any bytes: an error, or a matrix that its own JSON gives back and that expands or says why
// not.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "bench/matrix.h"
#include "bench/plan.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto matrix = phasegate::bench::parse_matrix(text, "fuzz", {});
  if (!matrix) return 0;
  const auto json = phasegate::core::canonical_json(phasegate::bench::to_json(*matrix));
  if (!json) return 0;  // a text of the file was not UTF-8: refused when the manifest is written
  const auto again = phasegate::bench::parse_matrix(*json, "again", {});
  if (!again || phasegate::bench::to_json(*again) != phasegate::bench::to_json(*matrix)) std::abort();
  // Large plans cost time, not safety.
  if (matrix->candidates.size() * matrix->scenarios.size() * static_cast<std::size_t>(matrix->rounds) < 10'000) {
    (void)phasegate::bench::expand(*matrix, {});
  }
  return 0;
}
