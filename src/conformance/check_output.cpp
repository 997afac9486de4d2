#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "conformance/check.h"

namespace phasegate::conformance {
namespace {

constexpr std::array<Verdict, kVerdicts> kAll = {Verdict::pass, Verdict::fail, Verdict::known_discrepancy,
                                                 Verdict::inputs_absent, Verdict::not_published};

core::Json scalar_json(const std::optional<Scalar>& value) {
  if (!value) return nullptr;
  if (const auto* number = std::get_if<double>(&*value)) return core::finite_or_null(*number);
  return std::get<std::string>(*value);
}

core::Json value_json(const Value& value) {
  core::Json json = {{"run", value.run}, {"name", value.name}, {"verdict", to_string(value.verdict)}};
  json["source"] = value.source.empty() ? core::Json() : core::Json(value.source);
  json["published"] = scalar_json(value.published);
  json["derived"] = scalar_json(value.derived);
  json["tolerance"] = value.tolerance ? core::finite_or_null(*value.tolerance) : core::Json();
  return json;
}

using Counts = std::map<Verdict, std::size_t>;

std::map<readers::Format, Counts> counts_by_report(const Outcome& outcome) {
  std::map<readers::Format, Counts> counts;
  for (const auto& value : outcome.values) ++counts[value.format][value.verdict];
  return counts;
}

core::Json counts_json(const Counts& counts) {
  core::Json json = core::Json::object();
  for (const auto verdict : kAll) {
    const auto found = counts.find(verdict);
    json[std::string(to_string(verdict))] = found == counts.end() ? 0 : found->second;
  }
  return json;
}

core::Json explained(const Outcome& outcome, Verdict verdict) {
  auto list = core::Json::array();
  for (const auto& value : outcome.values)
    if (value.verdict == verdict)
      list.push_back(
          {{"report", readers::to_string(value.format)}, {"run", value.run}, {"name", value.name}, {"why", value.why}});
  return list;
}

core::Json runs_json(const Outcome& outcome) {
  auto list = core::Json::array();
  for (const auto& run : outcome.runs) {
    list.push_back({{"report", readers::to_string(run.format)},
                    {"run", run.run},
                    {"root", run.root},
                    {"rows", run.rows},
                    {"bad_rows", run.bad_rows},
                    {"published", run.published}});
  }
  return list;
}

std::string shown(const std::optional<Scalar>& value) {
  if (!value) return "-";
  if (const auto* number = std::get_if<double>(&*value)) return fmt::format("{:.6g}", *number);
  return std::get<std::string>(*value);
}

// `text` broken at spaces into lines of at most `width`, each after `indent` spaces.
std::string wrapped(const std::string& text, std::size_t indent, std::size_t width) {
  std::string out;
  std::string line(indent, ' ');
  std::size_t from = 0;
  while (from < text.size()) {
    const auto to = std::min(text.find(' ', from), text.size());
    const auto word = text.substr(from, to - from);
    if (line.size() > indent && line.size() + 1 + word.size() > width) {
      out += line + "\n";
      line.assign(indent, ' ');
    }
    if (line.size() > indent) line += ' ';
    line += word;
    from = to + 1;
  }
  return out + line + "\n";
}

std::string counts_table(const Outcome& outcome) {
  std::string out = fmt::format("{:<8}", "report");
  for (const auto verdict : kAll) out += fmt::format("{:>19}", to_string(verdict));
  out += "\n";
  const auto row = [&](std::string_view name, const Counts& counts) {
    out += fmt::format("{:<8}", name);
    for (const auto verdict : kAll) {
      const auto found = counts.find(verdict);
      out += fmt::format("{:>19}", found == counts.end() ? 0 : found->second);
    }
    out += "\n";
  };
  Counts all;
  for (const auto& [format, counts] : counts_by_report(outcome)) {
    row(readers::to_string(format), counts);
    for (const auto& [verdict, count] : counts) all[verdict] += count;
  }
  row("all", all);
  return out;
}

std::string listed(const Outcome& outcome, Verdict verdict, std::size_t width) {
  std::string out;
  for (const auto& value : outcome.values) {
    if (value.verdict != verdict) continue;
    out += fmt::format("  {} {}: {}\n    published {}, the data give {}\n", readers::to_string(value.format), value.run,
                       value.name, shown(value.published), shown(value.derived));
    out += wrapped(fmt::format("{} [{}]", value.why, value.source), 4, width);
  }
  return out;
}

std::string absences(const Outcome& outcome) {
  std::map<std::string, std::size_t> reasons;
  for (const auto& value : outcome.values)
    if (value.verdict == Verdict::inputs_absent)
      ++reasons[fmt::format("{} {}: {}", readers::to_string(value.format), value.run, value.why)];
  std::string out;
  for (const auto& [reason, count] : reasons) out += fmt::format("  {:>5}  {}\n", count, reason);
  return out;
}

}  // namespace

core::Json to_json(const Outcome& outcome) {
  auto values = core::Json::array();
  for (const auto& value : outcome.values) values.push_back(value_json(value));
  core::Json summary;
  Counts all;
  summary["reports"] = core::Json::object();
  for (const auto& [format, counts] : counts_by_report(outcome)) {
    summary["reports"][std::string(readers::to_string(format))] = counts_json(counts);
    for (const auto& [verdict, count] : counts) all[verdict] += count;
  }
  summary["verdicts"] = counts_json(all);
  summary["runs"] = runs_json(outcome);
  summary["unread"] = outcome.unread;
  summary["known_discrepancies"] = explained(outcome, Verdict::known_discrepancy);
  summary["failures"] = explained(outcome, Verdict::fail);
  summary["holds"] = outcome.holds();
  auto unplaced = core::Json::array();
  summary["unplaced_because"] = core::Json::object();
  for (const auto& line : outcome.unplaced) {
    const auto path = line.substr(0, line.find(": "));
    unplaced.push_back(path);
    summary["unplaced_because"][path] = line.size() > path.size() ? line.substr(path.size() + 2) : std::string();
  }
  return {{"values", std::move(values)}, {"unplaced", std::move(unplaced)}, {"summary", std::move(summary)}};
}

std::string to_text(const Outcome& outcome, std::size_t width) {
  std::string out = fmt::format("{} runs, {} values\n", outcome.runs.size(), outcome.values.size());
  for (const auto& run : outcome.runs) {
    out += fmt::format("  {} {}: {} rows in {}{}{}\n", readers::to_string(run.format), run.run, run.rows, run.root,
                       run.bad_rows > 0 ? fmt::format(", {} bad rows", run.bad_rows) : "",
                       run.published ? "" : " (no published run)");
  }
  out += "\n" + counts_table(outcome);
  const auto section = [&](const char* title, const std::string& text) {
    if (!text.empty()) out += fmt::format("\n{}\n{}", title, text);
  };
  section("Known discrepancies", listed(outcome, Verdict::known_discrepancy, width));
  section("Inputs absent (count, why)", absences(outcome));
  section("Failures", listed(outcome, Verdict::fail, width));
  std::string unread, unplaced;
  for (const auto& line : outcome.unread) unread += "  " + line + "\n";
  for (const auto& line : outcome.unplaced) unplaced += "  " + line + "\n";
  section("Not read", unread);
  section("Unplaced files", unplaced);
  out += outcome.holds() ? "\nholds: nothing fails\n" : "\ndoes not hold\n";
  return out;
}

}  // namespace phasegate::conformance
