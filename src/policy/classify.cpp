#include "policy/classify.h"

#include <fmt/format.h>

namespace phasegate::policy {

using evidence::WorkloadClass;

Classification classify(const Shape& shape, std::optional<double> decode_fraction,
                        const evidence::Thresholds& thresholds) {
  if (shape.gen_tokens >= thresholds.decode_heavy_gen_tokens) {
    return {WorkloadClass::decode_heavy,
            fmt::format("gen {} >= {}", shape.gen_tokens, thresholds.decode_heavy_gen_tokens)};
  }
  if (decode_fraction && *decode_fraction > thresholds.decode_heavy_fraction) {
    return {WorkloadClass::decode_heavy,
            fmt::format("measured decode fraction {:.2f} > {:g}", *decode_fraction, thresholds.decode_heavy_fraction)};
  }
  if (shape.batch > 1 && shape.gen_tokens <= thresholds.prefill_heavy_max_gen) {
    return {WorkloadClass::prefill_heavy, fmt::format("batch {} > 1 and gen {} <= {}", shape.batch, shape.gen_tokens,
                                                      thresholds.prefill_heavy_max_gen)};
  }
  const std::string fraction =
      decode_fraction ? fmt::format("decode fraction {:.2f}", *decode_fraction) : "decode fraction not measured";
  return {WorkloadClass::mixed, fmt::format("gen {} < {}, {}, batch {}", shape.gen_tokens,
                                            thresholds.decode_heavy_gen_tokens, fraction, shape.batch)};
}

std::string_view objective_of(WorkloadClass workload) {
  switch (workload) {
    case WorkloadClass::decode_heavy: return "decode_tok_s";
    case WorkloadClass::prefill_heavy: return "prefill_tok_s";
    case WorkloadClass::mixed: return "e2e_ms";
  }
  return "e2e_ms";
}

evidence::Phase phase_of(WorkloadClass workload) {
  switch (workload) {
    case WorkloadClass::decode_heavy: return evidence::Phase::decode;
    case WorkloadClass::prefill_heavy: return evidence::Phase::prefill;
    case WorkloadClass::mixed: return evidence::Phase::e2e;
  }
  return evidence::Phase::e2e;
}

}  // namespace phasegate::policy
