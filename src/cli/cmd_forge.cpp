#include <fmt/format.h>

#include "cli/context.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "models/forge.h"

namespace phasegate::cli {
namespace {

core::Result<models::ForgeReport> forge(Context& context, const ForgeOptions& options) {
  if (options.from.empty() == !options.seed) {
    return core::fail({core::ErrorKind::invalid_input, "forge needs exactly one source", "--from, --seed",
                       "give --from M.gguf or --seed N"});
  }
  models::ForgeOptions wanted;
  if (!options.from.empty()) wanted.from = options.from;
  wanted.seed = options.seed;
  wanted.formats.clear();
  for (const auto& name : options.to) {
    PHASEGATE_TRY(format, models::parse_format(name));
    wanted.formats.push_back(format);
  }
  if (!options.quant.empty()) {
    PHASEGATE_TRY(quant, models::parse_quant(options.quant));
    wanted.quant = quant;
  }
  wanted.out = options.out;
  Progress progress(context.clock, stderr_is_terminal(), context.options.json);
  const core::Instant start = context.clock.now();
  wanted.progress = [&](std::string_view stage, double fraction) {
    const double spent = core::to_seconds(core::between(start, context.clock.now()));
    progress.show(fraction, fraction > 0.05 ? spent / fraction * (1 - fraction) : -1, std::string(stage));
  };
  return models::forge(wanted);
}

}  // namespace

int cmd_forge(Context& context, const ForgeOptions& options) {
  const bool json = context.options.json;
  const auto report = forge(context, options);
  if (!report) return report_error(report.error(), json);
  if (json) {
    core::Json files = core::Json::array();
    for (const auto& file : report->files)
      files.push_back({{"name", file.name}, {"sha256", file.sha256}, {"bytes", file.bytes}});
    print_json({{"folder", report->folder.string()},
                {"parameters", report->parameters},
                {"weight_set", report->weight_set},
                {"source_sha256", report->source_sha256 ? core::Json(*report->source_sha256) : core::Json(nullptr)},
                {"files", files},
                {"notes", report->notes}});
    return kExitDone;
  }
  std::string text = fmt::format("{}: {} parameters, weight set {}\n", report->folder.string(), report->parameters,
                                 report->weight_set.substr(0, 12));
  for (const auto& file : report->files)
    text += fmt::format("  {:40} {:>12} bytes  {}\n", file.name, file.bytes, file.sha256.substr(0, 12));
  for (const auto& note : report->notes) text += "  note: " + note + "\n";
  print_text(text);
  return kExitDone;
}

}  // namespace phasegate::cli
