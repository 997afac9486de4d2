// doctor: what is here and what is missing, with the command that gets it. Reads only; takes under a second.
#include <fmt/format.h>

#include "bench/instrument.h"
#include "cli/context.h"
#include "cli/output.h"
#include "cli/sensors.h"
#include "evidence/manifest.h"

namespace phasegate::cli {
namespace {

std::vector<Finding> engine_findings(const Context& context) {
  std::vector<Finding> findings;
  for (const auto& factory : context.factories) {
    const auto here = factory.probe();
    std::string detail = here.version;
    if (!here.detail.empty()) detail += (detail.empty() ? "" : "; ") + here.detail;
    findings.push_back({factory.name, here.present, detail, here.how_to_get});
  }
  return findings;
}

std::string value_text(const evidence::EnvironmentValue& value) {
  if (value.value.is_null()) return "unknown (" + value.reason + ")";
  return value.value.is_string() ? value.value.get<std::string>() : value.value.dump();
}

core::Json findings_json(const std::vector<Finding>& findings) {
  core::Json list = core::Json::array();
  for (const auto& finding : findings) {
    list.push_back({{"name", finding.name},
                    {"present", finding.present},
                    {"detail", finding.detail},
                    {"next", finding.next.empty() ? core::Json(nullptr) : core::Json(finding.next)}});
  }
  return list;
}

std::string findings_text(const std::string& title, const std::vector<Finding>& findings) {
  std::string text = title + "\n";
  for (const auto& finding : findings) {
    text += fmt::format("  {} {:10} {}\n", finding.present ? "yes" : "no ", finding.name, finding.detail);
    if (!finding.present && !finding.next.empty()) text += fmt::format("      {:10} -> {}\n", "", finding.next);
  }
  return text;
}

std::string environment_text(const evidence::Environment& environment) {
  std::string text = "machine\n";
  for (const char* key : {"cpu_model", "cpu_cores", "cpu_governor", "virtualisation", "ram_bytes", "gpu", "driver",
                          "os", "kernel", "clock_source", "clock_resolution_ns"}) {
    const auto found = environment.find(key);
    if (found != environment.end()) text += fmt::format("  {:20} {}\n", key, value_text(found->second));
  }
  return text;
}

// A loop that only reads the clock shows how often something else ran instead of us.
std::string noise_text(const bench::SpinNoise& noise) {
  const char* verdict = noise.lost_fraction > 0.05   ? "busy: expect wide intervals"
                        : noise.lost_fraction > 0.01 ? "some neighbours"
                                                     : "quiet";
  return fmt::format("noise\n  a spin loop of 0.3 s lost {:.2f} % of its time, {:.2f} ms at once at most: {}\n",
                     noise.lost_fraction * 100, core::to_ms(noise.longest_gap), verdict);
}

}  // namespace

int cmd_doctor(Context& context) {
  const auto environment = evidence::read_environment();
  const auto engines = engine_findings(context);
  const auto sensors = sensor_findings();
  const auto noise = bench::measure_spin_noise(context.clock, core::millis(300));
  std::size_t usable = 0;
  for (const auto& engine : engines) usable += engine.present && engine.name != "sim" ? 1 : 0;
  if (context.options.json) {
    core::Json machine = core::Json::object();
    for (const auto& [key, value] : environment) {
      machine[key] = {{"value", value.value},
                      {"reason", value.reason.empty() ? core::Json(nullptr) : core::Json(value.reason)}};
    }
    print_json({{"engines", findings_json(engines)},
                {"sensors", findings_json(sensors)},
                {"machine", machine},
                {"noise",
                 {{"resolution_ns", noise.resolution.value},
                  {"longest_gap_ns", noise.longest_gap.value},
                  {"lost_fraction", core::finite_or_null(noise.lost_fraction)}}}});
  } else {
    print_text(findings_text("engines", engines) + findings_text("sensors", sensors) + environment_text(environment) +
               noise_text(noise));
  }
  return usable > 0 ? kExitDone : kExitEnvironment;
}

}  // namespace phasegate::cli
