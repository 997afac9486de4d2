// TR121's sweep over generated lengths: its tables speak of several runs, which are those below its folder.
#include "analysis/percentile.h"
#include "conformance/tr121_cells.h"

namespace phasegate::conformance {
namespace {

// What one run of a sweep adds: its generated length as a further key.
void sweep_member(const RunData& member, const std::string& sweep, std::map<std::string, std::vector<double>>& shares,
                  DerivedSet& out) {
  const auto cells = tr121_cells(rows_of(member, [](const evidence::Observation&) { return true; }));
  std::map<std::string, double> decode;
  const auto gen_of = [](const Tr121Group& group) {
    const auto* row = group.cells.front()->rows.front();
    return row->target_tokens ? std::to_string(*row->target_tokens) : std::string();
  };
  const auto groups = aggregate(cells);
  for (const auto& group : groups)
    if (group.mode == "kv_decode") decode[name_of(group.backend, group.batch, group.model)] = group.latency_geomean_ms;
  for (const auto& group : groups) {
    const auto key = name_of(group.backend, group.batch, group.model);
    if (group.mode != "e2e_kv" || decode.count(key) == 0) continue;
    const auto gen = gen_of(group);
    const double share = decode[key] / group.latency_geomean_ms;
    const auto name = name_of("sweep/by_model", key, gen);
    out.number(sweep, name_of(name, "kv_decode_latency_ms"), decode[key]);
    out.number(sweep, name_of(name, "e2e_kv_latency_ms"), group.latency_geomean_ms);
    out.number(sweep, name_of(name, "decode_fraction"), share);
    shares[name_of(group.backend, gen)].push_back(share);
  }
  // The sweep repeats each member's fits with the length beside them.
  if (groups.empty()) return;
  const auto gen = gen_of(groups.front());
  const auto found = out.runs().find(member.id);
  if (found == out.runs().end()) return;
  std::vector<std::pair<std::string, Derived>> fits;
  for (const auto& [name, value] : found->second)
    if (name.rfind("scaling/", 0) == 0) fits.emplace_back(name, value);
  for (const auto& [name, value] : fits) {
    const auto cut = name.rfind('/');
    if (!value.value || !std::holds_alternative<double>(*value.value)) continue;
    out.number(sweep, name_of("sweep", name.substr(0, cut), gen, name.substr(cut + 1)), std::get<double>(*value.value));
  }
}

}  // namespace

void write_sweeps(const ReportData& report, DerivedSet& out) {
  for (const auto& sweep : report.runs) {
    const std::filesystem::path* folder = nullptr;
    std::filesystem::path parent;
    for (const auto& [path, cells] : sweep.source.tables) {
      if (!path.ends_with("decode_fraction_by_model.csv")) continue;
      parent = (sweep.root / path).parent_path();
      folder = &parent;
    }
    if (folder == nullptr) continue;
    std::map<std::string, std::vector<double>> shares;
    for (const auto& member : report.runs) {
      const auto relative = member.root.lexically_relative(*folder);
      if (member.rows.empty() || relative.empty() || relative.begin()->string() == "..") continue;
      sweep_member(member, sweep.id, shares, out);
    }
    for (const auto& [key, values] : shares) {
      const auto ascending = analysis::sorted(values);
      const auto name = name_of("sweep/fraction", key);
      out.number(sweep.id, name_of(name, "n_models"), static_cast<double>(values.size()));
      out.number(sweep.id, name_of(name, "decode_fraction_median"), analysis::percentile(ascending, 0.5));
      out.number(sweep.id, name_of(name, "decode_fraction_p25"), analysis::percentile(ascending, 0.25));
      out.number(sweep.id, name_of(name, "decode_fraction_p75"), analysis::percentile(ascending, 0.75));
    }
  }
}

}  // namespace phasegate::conformance
