#include "claims/claim.h"

#include <algorithm>

namespace phasegate::claims {
namespace {

core::Json or_null(const std::string& text) { return text.empty() ? core::Json(nullptr) : core::Json(text); }

core::Json number(const std::optional<double>& value) {
  return value ? core::finite_or_null(*value) : core::Json(nullptr);
}

}  // namespace

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::supported: return "supported";
    case Verdict::not_supported: return "not_supported";
    case Verdict::no_data: return "no_data";
    case Verdict::invalid: return "invalid";
  }
  return "invalid";
}

std::string_view to_string(Group group) {
  switch (group) {
    case Group::statistics: return "statistics";
    case Group::latency: return "latency";
    case Group::load: return "load";
    case Group::regime: return "regime";
    case Group::comparison: return "comparison";
    case Group::identity: return "identity";
    case Group::economics: return "economics";
    case Group::quality: return "quality";
    case Group::consistency: return "consistency";
  }
  return "consistency";
}

std::int64_t Report::count(Verdict verdict) const {
  return std::count_if(claims.begin(), claims.end(), [&](const Claim& claim) { return claim.verdict == verdict; });
}

core::Json to_json(const Claim& claim) {
  return {{"id", claim.id},
          {"claim", claim.claim},
          {"group", to_string(claim.group)},
          {"verdict", to_string(claim.verdict)},
          {"reason", or_null(claim.reason)},
          {"because", or_null(claim.because)},
          {"needs", or_null(claim.needs)},
          {"value", number(claim.value)},
          {"published", number(claim.published)},
          {"evidence",
           {{"file", or_null(claim.evidence.file)}, {"key", or_null(claim.evidence.key)}, {"n", claim.evidence.n}}}};
}

core::Json to_json(const Report& report) {
  core::Json claims = core::Json::array();
  for (const auto& claim : report.claims) claims.push_back(to_json(claim));
  return {{"format", report.format},
          {"run", report.run},
          {"tool", report.tool},
          {"tool_version", or_null(report.tool_version)},
          {"what", report.what},
          {"files", report.files},
          {"rows", report.rows},
          {"bad_rows", report.bad_rows},
          {"claims", std::move(claims)},
          {"summary",
           {{"supported", report.count(Verdict::supported)},
            {"not_supported", report.count(Verdict::not_supported)},
            {"no_data", report.count(Verdict::no_data)},
            {"invalid", report.count(Verdict::invalid)}}}};
}

}  // namespace phasegate::claims
