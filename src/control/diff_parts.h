// The parts of a diff, one file each; diff.cpp has them in order. Internal.
#pragma once

#include <string>
#include <vector>

#include "control/diff.h"

namespace phasegate::control {

[[nodiscard]] std::vector<CellChange> diff_cells(const evidence::Policy& was, const evidence::Policy& is);
[[nodiscard]] std::vector<EnvelopeChange> diff_envelope(const evidence::Policy& was, const evidence::Policy& is);
[[nodiscard]] std::vector<Risk> risks_of(const evidence::Policy& was, const evidence::Policy& is,
                                         const PolicyDiff& diff);

// "smollm2 decode_heavy prompt 32-128 gen 64 batch 1"
[[nodiscard]] std::string cell_text(const CellChange& cell);
// Change in percent; empty when one of them is absent or zero.
[[nodiscard]] std::optional<double> percent(const std::optional<double>& was, const std::optional<double>& is);

}  // namespace phasegate::control
