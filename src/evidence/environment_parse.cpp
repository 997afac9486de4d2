#include "evidence/environment_parse.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <set>
#include <vector>

namespace phasegate::evidence {
namespace {

// CPU features that decide which kernel an engine takes.
constexpr std::array<std::string_view, 23> kKernelFlags = {
    "sse4_2",      "avx",         "avx2",     "avx_vnni", "avx512f",  "avx512bw", "avx512vl", "avx512_vnni",
    "avx512_bf16", "avx512_fp16", "amx_tile", "amx_int8", "amx_bf16", "f16c",     "fma",      "bmi2",
    "asimd",       "asimddp",     "asimdhp",  "i8mm",     "bf16",     "sve",      "sve2"};

std::string_view trim(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const auto at = text.find(separator);
    parts.push_back(trim(text.substr(0, at)));
    text = at == std::string_view::npos ? std::string_view() : text.substr(at + 1);
  }
  return parts;
}

std::optional<std::int64_t> to_integer(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end == text.data()) return std::nullopt;
  return value;
}

// "key : value" of one line of cpuinfo.
std::pair<std::string_view, std::string_view> key_and_value(std::string_view line) {
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return {trim(line), {}};
  return {trim(line.substr(0, colon)), trim(line.substr(colon + 1))};
}

core::Json kernel_flags(std::string_view all) {
  std::set<std::string> kept;
  for (const auto flag : split(all, ' ')) {
    if (std::find(kKernelFlags.begin(), kKernelFlags.end(), flag) != kKernelFlags.end()) kept.emplace(flag);
  }
  return core::Json(kept);
}

core::Json number_or_text(std::string_view text) {
  double value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code == std::errc() && end == text.data() + text.size()) return value;
  return std::string(text);  // "[N/A]" stays as the tool said it
}

}  // namespace

EnvironmentValue present(core::Json value) { return {std::move(value), {}}; }
EnvironmentValue absent(std::string reason) { return {nullptr, std::move(reason)}; }

CpuInfo parse_cpuinfo(std::string_view text) {
  CpuInfo cpu{absent("/proc/cpuinfo has no model name"), absent("/proc/cpuinfo lists no processor"),
              absent("/proc/cpuinfo lists no flags"), false};
  std::int64_t logical = 0;
  std::string package = "0";
  std::set<std::string> physical;
  for (const auto line : split(text, '\n')) {
    const auto [key, value] = key_and_value(line);
    if (key == "processor") ++logical;
    if (key == "physical id") package = value;
    if (key == "core id") physical.insert(package + ":" + std::string(value));
    if (key == "model name" && cpu.model.value.is_null()) cpu.model = present(std::string(value));
    if ((key == "flags" || key == "Features") && cpu.flags.value.is_null()) {
      cpu.flags = present(kernel_flags(value));
      const auto flags = split(value, ' ');
      cpu.hypervisor = std::find(flags.begin(), flags.end(), "hypervisor") != flags.end();
    }
  }
  if (logical > 0) {
    cpu.cores =
        present({{"logical", logical}, {"physical", physical.empty() ? core::Json() : core::Json(physical.size())}});
  }
  return cpu;
}

EnvironmentValue parse_os_release(std::string_view text) {
  for (const auto line : split(text, '\n')) {
    if (!line.starts_with("PRETTY_NAME=")) continue;
    auto value = line.substr(12);
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
    if (!value.empty()) return present(std::string(value));
  }
  return absent("/etc/os-release has no PRETTY_NAME");
}

EnvironmentValue parse_mem_total(std::string_view meminfo) {
  for (const auto line : split(meminfo, '\n')) {
    const auto [key, value] = key_and_value(line);
    if (key != "MemTotal") continue;
    if (const auto kib = to_integer(value)) return present(*kib * 1024);
  }
  return absent("/proc/meminfo has no MemTotal");
}

EnvironmentValue virtualisation(bool hypervisor, std::string_view vendor, std::string_view product) {
  if (!hypervisor) return present("none");
  const std::string name = std::string(trim(vendor)) + (product.empty() ? "" : " " + std::string(trim(product)));
  return present(trim(name).empty() ? "hypervisor of unknown make" : std::string(trim(name)));
}

std::string nvidia_smi_query() {
  return "name,uuid,compute_cap,memory.total,driver_version,power.limit,clocks.max.sm,clocks.max.memory,"
         "ecc.mode.current,mig.mode.current,persistence_mode";
}

GpuInfo parse_nvidia_smi(const std::optional<std::string>& csv, const std::string& why) {
  GpuInfo info{absent(why), absent(why), absent(why), absent(why), absent(why)};
  if (!csv) return info;
  auto gpus = core::Json::array();
  auto limits = core::Json::array();
  auto clocks = core::Json::array();
  auto states = core::Json::array();
  for (const auto line : split(*csv, '\n')) {
    const auto cells = split(line, ',');
    if (cells.size() != 11) continue;
    const auto text = [&](std::size_t i) { return std::string(cells[i]); };
    gpus.push_back({{"name", text(0)},
                    {"uuid", text(1)},
                    {"compute_capability", text(2)},
                    {"memory_mib", number_or_text(cells[3])}});
    info.driver = present(text(4));
    limits.push_back(number_or_text(cells[5]));
    clocks.push_back({{"max_sm_mhz", number_or_text(cells[6])}, {"max_memory_mhz", number_or_text(cells[7])}});
    states.push_back({{"ecc", text(8)}, {"mig", text(9)}, {"persistence", text(10)}});
  }
  if (gpus.empty()) return parse_nvidia_smi(std::nullopt, "nvidia-smi gave no line of the form that was asked for");
  info.gpu = present(std::move(gpus));
  info.power_limit = present(std::move(limits));
  info.clocks = present(std::move(clocks));
  info.state = present(std::move(states));
  return info;
}

}  // namespace phasegate::evidence
