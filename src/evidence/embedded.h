// Files of the tree that are compiled into the program (embedded.cpp.in, written by CMake at configure time).
#pragma once

#include <string_view>

namespace phasegate::evidence {

extern const std::string_view kThresholdsYaml;
extern const std::string_view kRecordSchema;
extern const std::string_view kCandidateSchema;
extern const std::string_view kManifestSchema;
extern const std::string_view kPlanSchema;
extern const std::string_view kPolicySchema;
extern const std::string_view kValidationSchema;
extern const std::string_view kObservationSchema;
extern const std::string_view kImportSchema;
extern const std::string_view kSourceSchema;
extern const std::string_view kApprovalSchema;

}  // namespace phasegate::evidence
