#include "engines/engine.h"

namespace phasegate::engines {

const char* to_string(CompileGrade grade) {
  switch (grade) {
    case CompileGrade::not_requested: return "not_requested";
    case CompileGrade::witnessed: return "witnessed";
    case CompileGrade::counter_consistent: return "counter_consistent";
    case CompileGrade::label_only: return "label_only";
    case CompileGrade::refuted: return "refuted";
  }
  return "not_requested";
}

core::Error stopped(const core::StopToken& stop, const char* call) {
  if (stop.cancelled()) return {core::ErrorKind::aborted, fmt::format("{} was cancelled", call), "", ""};
  return {core::ErrorKind::timeout, fmt::format("{} did not end before its deadline", call), "",
          "allow it more time, or measure fewer tokens"};
}

}  // namespace phasegate::engines
