// What an imported run says about its models: latency against size, decode as a share of a request, decode time against
// the tokens that came.
#include <algorithm>
#include <map>
#include <set>

#include "analysis/observed_samples.h"
#include "analysis/percentile.h"

namespace phasegate::analysis {
namespace {

using Medians = std::map<std::string, double>;  // by scenario

struct Model {
  std::optional<double> millions;
  std::string precision;
  Medians medians;
};
using Models = std::map<std::string, Model>;

// One backend in one window. Its arm is the backend alone, unless a model comes in several precisions: then size is
// fitted for each precision, for otherwise one model would stand for two points.
struct Family {
  std::string arm;
  evidence::Window window = evidence::Window::request;
  std::optional<std::int64_t> batch;

  friend auto operator<=>(const Family&, const Family&) = default;
};

std::set<std::string> backends_with_variants(std::span<const ObservedSamples> cells) {
  std::map<std::pair<std::string, std::string>, std::set<std::string>> precisions;
  for (const ObservedSamples& each : cells)
    precisions[{each.cell.key.backend, each.cell.key.model}].insert(each.cell.key.precision);
  std::set<std::string> backends;
  for (const auto& [key, seen] : precisions)
    if (seen.size() > 1) backends.insert(key.first);
  return backends;
}

std::map<Family, Models> families(std::span<const ObservedSamples> cells) {
  const auto variants = backends_with_variants(cells);
  std::map<Family, Models> result;
  for (const ObservedSamples& each : cells) {
    const ObservedKey& key = each.cell.key;
    const auto& middle = each.cell.latency_ms.median.value;
    if (!middle) continue;
    const std::string arm = variants.contains(key.backend) ? key.arm() : key.backend;
    Model& model = result[{arm, key.window, key.batch}][key.model];
    model.precision = key.precision;
    model.medians[key.scenario] = *middle;
    if (each.cell.parameters) model.millions = *each.cell.parameters / 1e6;
  }
  return result;
}

std::vector<std::string> scenarios_of_all(const Models& models) {
  std::vector<std::string> names;
  if (models.empty()) return names;
  for (const auto& [scenario, value] : models.begin()->second.medians) {
    if (std::all_of(models.begin(), models.end(), [&](const auto& m) { return m.second.medians.contains(scenario); }))
      names.push_back(scenario);
  }
  return names;
}

std::optional<double> centre(const Medians& medians, const std::vector<std::string>& scenarios) {
  std::vector<double> values;
  for (const std::string& scenario : scenarios) {
    const auto at = medians.find(scenario);
    if (at == medians.end()) return std::nullopt;
    values.push_back(at->second);
  }
  auto mean = geometric_mean(values);
  return mean ? std::optional(*mean) : std::nullopt;
}

ObservedFit empty_fit(const Family& family, const std::string& scenario, const Models& models) {
  ObservedFit fit;
  fit.arm = family.arm;
  fit.window = family.window;
  fit.batch = family.batch;
  fit.scenario = scenario;
  std::set<std::string> precisions;
  for (const auto& [name, model] : models) precisions.insert(model.precision);
  fit.precisions.assign(precisions.begin(), precisions.end());
  return fit;
}

void fit_law(const std::vector<SizePoint>& points, PowerLawFitter& fitter, ObservedFit& fit) {
  fit.models = points.size();
  if (points.size() < 3) {
    fit.reason = n_below(3);
  } else if (auto law = fitter.fit(points)) {
    fit.power_law = std::move(*law);
  } else {
    fit.reason = "one_size";
  }
}

ObservedFit fit_centres(const Family& family, const Models& models, PowerLawFitter& fitter) {
  ObservedFit fit = empty_fit(family, "", models);
  const auto scenarios = scenarios_of_all(models);
  std::vector<SizePoint> points;
  for (const auto& [name, model] : models)
    if (const auto value = centre(model.medians, scenarios)) points.push_back({*model.millions, *value});
  fit_law(points, fitter, fit);
  if (scenarios.empty()) fit.reason = "no_common_scenario";
  if (!fit.power_law) return fit;
  if (auto line = fit_overhead_line(points)) fit.overhead_line = *line;
  if (auto power = fit_overhead_power(points)) fit.overhead_power = *power;
  return fit;
}

ObservedFit fit_scenario(const Family& family, const Models& models, const std::string& scenario,
                         PowerLawFitter& fitter) {
  ObservedFit fit = empty_fit(family, scenario, models);
  std::vector<SizePoint> points;
  for (const auto& [name, model] : models) {
    if (const auto at = model.medians.find(scenario); at != model.medians.end())
      points.push_back({*model.millions, at->second});
  }
  fit_law(points, fitter, fit);
  return fit;
}

Models with_sizes(const Models& models) {
  Models sized;
  for (const auto& [name, model] : models)
    if (model.millions) sized.emplace(name, model);
  return sized;
}

// Decode and e2e of the models that have both, over the scenarios that both windows of a model have.
std::vector<DecodeAndAll> pairs(const Models& decode, const Models& whole) {
  std::vector<DecodeAndAll> result;
  for (const auto& [name, model] : decode) {
    const auto other = whole.find(name);
    if (other == whole.end()) continue;
    std::vector<std::string> scenarios;
    for (const auto& [scenario, value] : model.medians)
      if (other->second.medians.contains(scenario)) scenarios.push_back(scenario);
    const auto a = centre(model.medians, scenarios);
    const auto b = centre(other->second.medians, scenarios);
    if (a && b) result.push_back({*a, *b});
  }
  return result;
}

}  // namespace

void fit_sizes(std::span<const ObservedSamples> cells, const ObservedOptions& options, ObservedAnalysis& analysis) {
  PowerLawFitter fitter(options.fit);
  for (const auto& [family, all] : families(cells)) {
    const Models models = with_sizes(all);
    if (models.size() < 2) continue;  // one model has no slope to ask for
    analysis.fits.push_back(fit_centres(family, models, fitter));
    std::set<std::string> scenarios;
    for (const auto& [name, model] : models)
      for (const auto& [scenario, value] : model.medians) scenarios.insert(scenario);
    for (const std::string& scenario : scenarios)
      analysis.fits.push_back(fit_scenario(family, models, scenario, fitter));
  }
}

void share_decode(std::span<const ObservedSamples> cells, ObservedAnalysis& analysis) {
  const auto all = families(cells);
  for (const auto& [family, models] : all) {
    if (family.window != evidence::Window::decode) continue;
    for (const auto window : {evidence::Window::e2e, evidence::Window::e2e_sum}) {
      const auto whole = all.find({family.arm, window, family.batch});
      if (whole == all.end()) continue;
      if (auto share = decode_share(pairs(models, whole->second)))
        analysis.decode_shares.push_back({family.arm, family.batch, *share});
      break;  // one interval is better evidence than a sum of two
    }
  }
}

void fit_decode(std::span<const ObservedSamples> cells, ObservedAnalysis& analysis) {
  struct Rows {
    std::vector<CountedTime> times;
    std::vector<double> targets;
  };
  std::map<std::tuple<std::string, std::string, std::optional<std::int64_t>>, Rows> models;
  for (const ObservedSamples& each : cells) {
    if (each.decode.empty() || !each.cell.early_stop) continue;
    Rows& rows = models[{each.cell.key.arm(), each.cell.key.model, each.cell.key.batch}];
    rows.times.insert(rows.times.end(), each.decode.begin(), each.decode.end());
    rows.targets.push_back(each.cell.early_stop->target);
  }
  for (const auto& [key, rows] : models) {
    if (auto fit = decode_linearity(rows.times, median(rows.targets)))
      analysis.linearity.push_back({std::get<0>(key), std::get<1>(key), std::get<2>(key), *fit});
  }
}

}  // namespace phasegate::analysis
