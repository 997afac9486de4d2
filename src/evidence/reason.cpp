#include "evidence/reason.h"

#include "evidence/names.h"

namespace phasegate::evidence {

std::string_view to_string(Status status) { return name_of(kStatusNames, status); }
std::string_view to_string(Reason reason) { return name_of(kReasonNames, reason); }
std::optional<Status> parse_status(std::string_view text) { return value_of<Status>(kStatusNames, text); }
std::optional<Reason> parse_reason(std::string_view text) { return value_of<Reason>(kReasonNames, text); }

}  // namespace phasegate::evidence
