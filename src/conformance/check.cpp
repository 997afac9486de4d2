#include "conformance/check.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "conformance/derive.h"
#include "conformance/leaves.h"
#include "evidence/import.h"
#include "readers/source_json.h"

namespace phasegate::conformance {
namespace {

using readers::Format;

struct Report {
  Format format;
  void (*derive)(const ReportData&, DerivedSet&);
};

constexpr Report kReports[] = {
    {Format::tr117, derive_tr117}, {Format::tr118, derive_tr118}, {Format::tr119, derive_tr119},
    {Format::tr120, derive_tr120}, {Format::tr121, derive_tr121}, {Format::tr122, derive_tr122},
};

bool holds_text(const core::Json& json, const std::string& text) {
  if (json.is_string()) return json.get_ref<const std::string&>().find(text) != std::string::npos;
  if (!json.is_structured()) return json.is_number() && json.dump() == text;
  return std::any_of(json.begin(), json.end(), [&](const core::Json& member) { return holds_text(member, text); });
}

bool holds_text(const RunData& run, const std::string& text) {
  const auto& source = run.source;
  const auto in_documents = [&] {
    return std::any_of(source.documents.begin(), source.documents.end(),
                       [&](const auto& entry) { return holds_text(entry.second, text); });
  };
  const auto in_tables = [&] {
    return std::any_of(source.tables.begin(), source.tables.end(), [&](const auto& entry) {
      const auto& rows = entry.second.rows;
      return !rows.empty() && std::any_of(rows.front().begin(), rows.front().end(), [&](const std::string& cell) {
        return cell.find(text) != std::string::npos;
      });
    });
  };
  return holds_text(source.config, text) || run.first_row.find(text) != std::string::npos || in_documents() ||
         in_tables();
}

// A run is a published one by the id that its files state; only files without an id are searched for one.
const PublishedRun* recognise(const Catalogue& catalogue, const RunData& data) {
  for (const auto& run : catalogue.runs)
    if (run.run == data.source.run) return &run;
  for (const auto& run : catalogue.runs) {
    const bool own_id = run.recognise.size() == 1 && run.recognise.front() == run.run;
    if (own_id || run.run.ends_with(" study")) continue;
    const bool found = std::any_of(run.recognise.begin(), run.recognise.end(), [&](const std::string& text) {
      return data.source.run == text || holds_text(data, text);
    });
    if (found) return &run;
  }
  return nullptr;
}

std::string study_of(const Catalogue& catalogue, const ReportData& report) {
  for (const auto& run : catalogue.runs) {
    if (!run.run.ends_with(" study")) continue;
    for (const auto& text : run.recognise)
      for (const auto& data : report.runs)
        if (holds_text(data, text)) return run.run;
  }
  return "study";
}

core::Result<RunData> read_source(const readers::SourceRun& run) {
  RunData loaded;
  loaded.root = run.root;
  auto source = readers::read(run, [&](evidence::Observation& row) -> core::Status {
    if (loaded.rows.empty()) loaded.first_row = std::move(row.source);
    row.source.clear();  // values are in its fields; the text would double the memory
    loaded.rows.push_back(std::move(row));
    return {};
  });
  if (!source) return core::fail(std::move(source).error());
  loaded.source = std::move(*source);
  return loaded;
}

core::Result<RunData> read_imported(const std::filesystem::path& run) {
  RunData loaded;
  loaded.root = run;
  PHASEGATE_TRY(json, evidence::read_import_source(run));
  PHASEGATE_TRY(source, readers::source_from_json(json));
  loaded.source = std::move(source);
  PHASEGATE_CHECK_OK(evidence::for_each_observation(run, [&](evidence::Observation& row) -> core::Status {
    if (loaded.rows.empty()) loaded.first_row = row.source;
    row.source.clear();
    loaded.rows.push_back(row);
    return {};
  }));
  return loaded;
}

std::vector<std::string> files_of(const RunData& run) {
  std::vector<std::string> files;
  for (const auto& row : run.rows)
    if (files.empty() || files.back() != row.file) files.push_back(row.file);
  if (files.empty() && !run.source.files.empty()) files.push_back(run.source.files.front().path);
  return files;
}

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? std::string() : path.substr(0, slash);
}

// Folders whose rows are all of one mode: what lies below them is of that mode, whatever the folder is called.
std::map<std::string, std::string> modes_by_folder(const RunData& run) {
  std::map<std::string, std::string> modes;
  for (const auto& row : run.rows) {
    const std::string mode(mode_name(row.window));
    const auto [at, first] = modes.emplace(folder_of(row.file), mode);
    if (!first && at->second != mode) at->second.clear();
  }
  return modes;
}

// Where a file lies, from the top (a run may lie in the folder that names its part), with the mode of the rows beside
// it in place of its folder's name.
std::string place_of(const RunData& run, const std::string& path, const std::map<std::string, std::string>& modes) {
  for (auto folder = folder_of(path); !folder.empty(); folder = folder_of(folder)) {
    const auto found = modes.find(folder);
    if (found != modes.end() && !found->second.empty()) return found->second + path.substr(folder.size());
  }
  const auto at_root = modes.find("");
  if (at_root != modes.end() && !at_root->second.empty()) return at_root->second + "/" + path;
  return (run.root / path).generic_string();
}

// A run that waits to be read: only the runs of one report are in memory at a time.
struct Pending {
  Format format;
  std::string place;
  std::function<core::Result<RunData>()> load;
};

class Checker {
 public:
  explicit Checker(const Progress& progress) : progress_(progress) {}

  Outcome run(const std::vector<Pending>& pending) {
    total_ = pending.size();
    for (const auto& report : kReports) check_report(report, pending);
    return std::move(outcome_);
  }

 private:
  void check_report(const Report& report, const std::vector<Pending>& pending) {
    const auto& published = catalogue(report.format);
    ReportData data;
    data.format = report.format;
    for (const auto& run : pending)
      if (run.format == report.format) read(run, published, data);
    data.study = study_of(published, data);
    DerivedSet derived;
    report.derive(data, derived);
    std::vector<Value> values;
    for (const auto& run : data.runs) compare_files(run, data, published, derived, values);
    compare_catalogue(published, derived, values);
    compare_stated(derived, values);
    add_unpublished(derived, values);
    for (auto& value : values) value.format = report.format;
    std::stable_sort(values.begin(), values.end(), [](const Value& a, const Value& b) {
      return std::tie(a.run, a.name, a.source) < std::tie(b.run, b.name, b.source);
    });
    std::move(values.begin(), values.end(), std::back_inserter(outcome_.values));
  }

  void read(const Pending& pending, const Catalogue& published, ReportData& data) {
    if (progress_) progress_(static_cast<double>(done_++) / static_cast<double>(total_), pending.place);
    auto loaded = pending.load();
    if (!loaded) {
      outcome_.unread.push_back(fmt::format("{}: {}", pending.place, loaded.error().message()));
      return;
    }
    auto& run = *loaded;
    run.published = recognise(published, run);
    run.id = run.published != nullptr ? run.published->run : run.source.run;
    outcome_.runs.push_back({pending.format, run.id, pending.place, files_of(run),
                             static_cast<std::int64_t>(run.rows.size()), run.source.bad_rows,
                             run.published != nullptr});
    data.runs.push_back(std::move(run));
  }

  // Every cell of the files that were published beside the rows.
  static void compare_files(const RunData& run, const ReportData& data, const Catalogue& published,
                            const DerivedSet& derived, std::vector<Value>& values) {
    const auto modes = modes_by_folder(run);
    for (const auto& rule : published.files) {
      if (!rule.with.empty() && table(run, rule.with) == nullptr) continue;
      const auto match = [&](const std::string& path) { return prefix_for(rule, place_of(run, path, modes)); };
      for (const auto& [path, cells] : run.source.tables)
        if (const auto prefix = match(path))
          compare_leaves(leaves_of(cells, rule, *prefix), rule, path, run, data, derived, values);
      for (const auto& [path, json] : run.source.documents)
        if (const auto prefix = match(path))
          compare_leaves(leaves_of(json, rule, *prefix), rule, path, run, data, derived, values);
    }
  }

  static void compare_leaves(const std::vector<Leaf>& leaves, const FileRule& rule, const std::string& path,
                             const RunData& run, const ReportData& data, const DerivedSet& derived,
                             std::vector<Value>& values) {
    for (const auto& leaf : leaves) {
      const auto* own = derived.find(run.id, leaf.name);
      const bool of_study = own == nullptr && derived.find(data.study, leaf.name) != nullptr;
      if (of_study) own = derived.find(data.study, leaf.name);
      const bool label = std::holds_alternative<std::string>(leaf.value);
      if (label && own == nullptr) continue;  // names and paths are not results
      Published cell;
      cell.run = of_study ? data.study : run.id;
      cell.name = leaf.name;
      cell.value = leaf.value;
      cell.where = fmt::format("{}: {}", path, leaf.place);
      if (!label) cell.tolerance = tolerance_of(rule, leaf);
      auto value = judge(cell, own);
      if (value.verdict == Verdict::inputs_absent) value.why = absence_of(rule, leaf, own);
      values.push_back(std::move(value));
    }
  }

  static double tolerance_of(const FileRule& rule, const Leaf& leaf) {
    const auto last = leaf.name.substr(leaf.name.rfind('/') + 1);
    const auto loose = rule.loose.find(last);
    return (loose == rule.loose.end() ? rule.tolerance : loose->second) * std::abs(std::get<double>(leaf.value));
  }

  static std::string absence_of(const FileRule& rule, const Leaf& leaf, const Derived* derived) {
    for (const auto& [part, why] : rule.absent)
      if (leaf.name.find(part) != std::string::npos) return why;
    if (derived != nullptr && !derived->reason.empty()) return derived->reason;
    return "the rows that it follows from are not here";
  }

  static void compare_catalogue(const Catalogue& published, const DerivedSet& derived, std::vector<Value>& values) {
    for (const auto& run : published.runs) {
      for (const auto& entry : run.values) {
        auto value = judge(entry, derived.find(run.run, entry.name));
        if (value.why == kNoRows && derived.runs().count(run.run) != 0)
          value.why = "the files that are here do not give it";
        values.push_back(std::move(value));
      }
    }
  }

  static void compare_stated(const DerivedSet& derived, std::vector<Value>& values) {
    for (const auto& stated : derived.stated()) {
      Published published;
      published.run = stated.run;
      published.name = stated.name;
      published.value = stated.value;
      published.where = stated.where;
      published.kind = stated.why.empty() ? Kind::golden : Kind::contradicted;
      published.why = stated.why;
      values.push_back(judge(published, derived.find(stated.run, stated.name)));
    }
  }

  static void add_unpublished(const DerivedSet& derived, std::vector<Value>& values) {
    std::set<std::pair<std::string, std::string>> known;
    for (const auto& value : values) known.emplace(value.run, value.name);
    for (const auto& [run, names] : derived.runs()) {
      for (const auto& [name, value] : names) {
        if (!value.value || known.count({run, name}) != 0) continue;
        Value extra;
        extra.run = run;
        extra.name = name;
        extra.derived = value.value;
        values.push_back(std::move(extra));
      }
    }
  }

  const Progress& progress_;
  Outcome outcome_;
  std::size_t total_ = 0;
  std::size_t done_ = 0;
};

}  // namespace

std::size_t Outcome::count(Verdict verdict) const {
  return static_cast<std::size_t>(
      std::count_if(values.begin(), values.end(), [&](const Value& value) { return value.verdict == verdict; }));
}

core::Result<Outcome> check_folder(const std::filesystem::path& folder, const Progress& progress) {
  PHASEGATE_TRY(discovery, readers::discover(folder));
  std::vector<Pending> pending;
  auto unplaced = std::move(discovery.unplaced);
  for (const auto& run : discovery.runs) {
    std::error_code code;
    const auto place = std::filesystem::relative(run.root, folder, code).generic_string();
    if (run.format <= Format::tr122) {
      pending.push_back({run.format, place, [&run] { return read_source(run); }});
    } else {
      unplaced.push_back(fmt::format("{}: of {}, which is no report", place, readers::to_string(run.format)));
    }
  }
  auto outcome = Checker(progress).run(pending);
  outcome.unplaced = std::move(unplaced);
  return outcome;
}

core::Result<Outcome> check_imported(const std::vector<std::filesystem::path>& runs, const Progress& progress) {
  std::vector<Pending> pending;
  for (const auto& run : runs) {
    PHASEGATE_TRY(json, evidence::read_import_source(run));
    PHASEGATE_TRY(source, readers::source_from_json(json));
    if (source.format > Format::tr122) continue;
    pending.push_back({source.format, run.filename().string(), [run] { return read_imported(run); }});
  }
  return Checker(progress).run(pending);
}

}  // namespace phasegate::conformance
