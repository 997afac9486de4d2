// Reads this machine's environment (requirement 34). The thin adapter: files, one bounded child process, two library
// calls; what the texts mean is in environment_parse.cpp.
#include <dlfcn.h>
#include <gnu/libc-version.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include "core/clock.h"
#include "core/sha256.h"
#include "evidence/bounded_process.h"
#include "evidence/build_info.h"
#include "evidence/environment_parse.h"

namespace phasegate::evidence {
namespace {

constexpr std::string_view kCpu0 = "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor";
constexpr std::string_view kClockSource = "/sys/devices/system/clocksource/clocksource0/current_clocksource";
constexpr std::string_view kPowerPlan = "/sys/firmware/acpi/platform_profile";
constexpr core::Nanos kNvidiaSmiTime = core::millis(10'000);  // it starts the driver when nobody else did

// Files of /proc have no size, so they are read to their end; empty when absent.
std::string slurp(std::string_view path) {
  std::ifstream file{std::string(path)};
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

EnvironmentValue first_line(std::string_view path, std::string_view what) {
  std::ifstream file{std::string(path)};
  std::string line;
  if (std::getline(file, line) && !line.empty()) return present(line);
  return absent(fmt::format("{} is not there{}{}", path, what.empty() ? "" : ": ", what));
}

// The smallest step that the steady clock was seen to take, ns.
EnvironmentValue clock_resolution() {
  const core::SystemClock clock;
  std::int64_t smallest = std::numeric_limits<std::int64_t>::max();
  auto last = clock.now();
  for (int i = 0; i < 10'000; ++i) {
    const auto now = clock.now();
    if (now > last) smallest = std::min(smallest, core::between(last, now).value);
    last = now;
  }
  if (smallest == std::numeric_limits<std::int64_t>::max())
    return absent("the steady clock did not move in 10000 reads");
  return present(smallest);
}

EnvironmentValue cuda_version() {
  void* library = ::dlopen("libcuda.so.1", RTLD_LAZY | RTLD_LOCAL);
  if (library == nullptr) return absent("libcuda.so.1 is not installed");
  int version = 0;
  using GetVersion = int (*)(int*);
  const auto get = reinterpret_cast<GetVersion>(::dlsym(library, "cuDriverGetVersion"));
  const bool ok = get != nullptr && get(&version) == 0;
  ::dlclose(library);
  if (!ok) return absent("cuDriverGetVersion failed");
  return present(fmt::format("{}.{}", version / 1000, version % 1000 / 10));
}

EnvironmentValue locale_setting() {
  for (const char* name : {"LC_ALL", "LC_NUMERIC", "LANG"}) {
    const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody writes the environment
    if (value != nullptr && *value != '\0') return present(std::string(value));
  }
  return present("C");
}

void add_gpu(Environment& values) {
  const auto output =
      run_bounded({"nvidia-smi", "--query-gpu=" + nvidia_smi_query(), "--format=csv,noheader,nounits"}, kNvidiaSmiTime);
  auto gpu = parse_nvidia_smi(output ? std::optional(*output) : std::nullopt,
                              output ? "" : "nvidia-smi: " + output.error().what);
  values["gpu"] = std::move(gpu.gpu);
  values["driver"] = std::move(gpu.driver);
  values["power_limit"] = std::move(gpu.power_limit);
  values["gpu_clocks"] = std::move(gpu.clocks);
  values["gpu_state"] = std::move(gpu.state);
  values["cuda"] = cuda_version();
}

void add_cpu(Environment& values) {
  auto cpu = parse_cpuinfo(slurp("/proc/cpuinfo"));
  values["cpu_model"] = std::move(cpu.model);
  values["cpu_cores"] = std::move(cpu.cores);
  values["cpu_flags"] = std::move(cpu.flags);
  values["cpu_governor"] = first_line(kCpu0, "the kernel shows no frequency scaling");
  values["virtualisation"] =
      virtualisation(cpu.hypervisor, slurp("/sys/class/dmi/id/sys_vendor"), slurp("/sys/class/dmi/id/product_name"));
  values["ram_bytes"] = parse_mem_total(slurp("/proc/meminfo"));
}

void add_system(Environment& values) {
  values["os"] = parse_os_release(slurp("/etc/os-release"));
  utsname name{};
  const bool named = ::uname(&name) == 0;
  values["kernel"] =
      named ? present(fmt::format("{} {} {}", name.sysname, name.release, name.machine)) : absent("uname failed");
  values["hostname_hash"] = named ? present(core::sha256_hex(name.nodename)) : absent("uname failed");
  values["power_plan"] = first_line(kPowerPlan, "the firmware shows no platform profile");
  values["clock_source"] = first_line(kClockSource, "");
  values["clock_resolution_ns"] = clock_resolution();
  values["locale"] = locale_setting();
  values["libc"] = present(fmt::format("glibc {}", ::gnu_get_libc_version()));
}

void add_build(Environment& values) {
  const auto& build = build_info();
  const char* outside = "built outside a git checkout";
  values["compiler"] = present(build.compiler);
  values["build_type"] = build.build_type.empty() ? absent("CMAKE_BUILD_TYPE was empty") : present(build.build_type);
  values["phasegate_version"] = present(build.version);
  values["git_commit"] = build.git_commit ? present(*build.git_commit) : absent(outside);
  values["git_dirty"] = build.git_dirty ? present(*build.git_dirty) : absent(outside);
  values["sanitizer"] = present(build.sanitizer);
}

}  // namespace

Environment read_environment() {
  Environment values;
  add_system(values);
  add_cpu(values);
  add_gpu(values);
  add_build(values);
  return values;
}

core::Json boundary_of(const Environment& environment, const std::vector<Candidate>& candidates) {
  // Requirement 124 and what else moves speed. Not ram_bytes (differs by kilobytes between boots), locale, hostname.
  static constexpr std::array<std::string_view, 14> kKeys = {
      "os",  "kernel", "cpu_model", "cpu_cores",   "cpu_governor", "cpu_flags", "virtualisation",
      "gpu", "driver", "cuda",      "power_limit", "power_plan",   "libc",      "compiler"};
  auto values = core::Json::object();
  for (const auto key : kKeys) {
    const auto at = environment.find(std::string(key));
    values[std::string(key)] = at == environment.end() ? core::Json() : at->second.value;
  }
  std::set<core::Json> engines;
  std::set<std::string> models;
  for (const auto& candidate : candidates) {
    const auto& of = candidate.identity;
    // A named value: braces inside insert() would be a list of three loose pairs.
    const core::Json engine = {{"engine", of.engine}, {"version", of.engine_version}, {"build", of.engine_build}};
    engines.insert(engine);
    models.insert(of.model_sha256);
  }
  core::Json boundary = {{"environment", std::move(values)}, {"engines", engines}, {"models", models}};
  const auto hash = core::json_hash(boundary);
  boundary["sha256"] = hash ? core::Json(*hash) : core::Json();  // null only when a text of the machine is not UTF-8
  return boundary;
}

}  // namespace phasegate::evidence
