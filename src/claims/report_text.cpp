// The report for a terminal. Percentiles with the same fate share a line; everything else has one of its own.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "claims/check.h"
#include "claims/rules.h"

namespace phasegate::claims {
namespace {

constexpr std::string_view kBold = "1";
constexpr std::string_view kDim = "2";
constexpr std::string_view kRed = "31";
constexpr std::string_view kGreen = "32";
constexpr std::string_view kYellow = "33";

struct Line {
  Verdict verdict = Verdict::supported;
  std::string claim;
  std::string because;
  std::string reason;
  std::string needs;
};

class Pen {
 public:
  Pen(bool color, int width) : color_(color), width_(static_cast<std::size_t>(std::max(width, 60))) {}

  [[nodiscard]] std::string paint(std::string_view text, std::string_view code) const {
    return color_ ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : std::string(text);
  }

  // Breaks at blanks; every line but the first begins with `indent`. Bytes stand for columns: the texts are ASCII but
  // for quotes of the source.
  [[nodiscard]] std::string wrap(std::string_view text, std::size_t used, std::string_view indent) const {
    std::string out;
    while (used + text.size() > width_) {
      const std::size_t room = width_ > used ? width_ - used : 0;
      auto cut = text.rfind(' ', room);
      if (cut == std::string_view::npos || cut == 0) cut = text.find(' ');
      if (cut == std::string_view::npos) break;
      out += text.substr(0, cut);
      out += '\n';
      out += indent;
      text.remove_prefix(cut + 1);
      used = indent.size();
    }
    out += text;
    return out;
  }

 private:
  bool color_;
  std::size_t width_;
};

bool is_percentile(const Claim& claim) {
  return claim.id.rfind("percentile.", 0) == 0 && claim.id.find(".p") != std::string::npos &&
         quantile_of(claim.id.substr(claim.id.rfind(".p") + 1)).has_value();
}

// "percentile.ttft_ms.p99.9" -> "p99.9".
std::string statistic_of(const Claim& claim) {
  const auto second = claim.id.find('.', claim.id.find('.') + 1);
  return claim.id.substr(second + 1);
}

// "p99 of the time to first token" -> "time to first token".
std::string subject_of(const Claim& claim) { return claim.claim.substr(claim.claim.find(" of the ") + 8); }

// One line for the percentiles of one quantity that share verdict and reason.
std::vector<Line> percentile_lines(const std::vector<Claim>& claims) {
  struct Group {
    const Claim* first = nullptr;
    std::vector<std::string> statistics;
    std::vector<std::string> values;
    std::string subject;
  };
  std::vector<Group> groups;
  for (const auto& claim : claims) {
    if (!is_percentile(claim)) continue;
    const auto subject = subject_of(claim);
    const auto found = std::find_if(groups.begin(), groups.end(), [&](const Group& group) {
      return group.subject == subject && group.first->verdict == claim.verdict && group.first->reason == claim.reason;
    });
    Group& group = found == groups.end() ? groups.emplace_back() : *found;
    if (group.first == nullptr) group = {&claim, {}, {}, subject};
    group.statistics.push_back(statistic_of(claim));
    if (claim.value) group.values.push_back(figure(*claim.value));
  }
  std::vector<Line> lines;
  for (const auto& group : groups) {
    std::string because = group.first->because;
    if (group.first->verdict == Verdict::supported && !group.values.empty()) {
      because = fmt::format("{} ms ({})", fmt::join(group.values, ", "), because);
    }
    lines.push_back({group.first->verdict,
                     fmt::format("{} of the {}", fmt::join(group.statistics, ", "), group.subject), std::move(because),
                     group.first->reason, group.first->needs});
  }
  return lines;
}

// Refused percentiles of several quantities with one reason: "p99 of the latency, time to first token".
std::vector<Line> joined(std::vector<Line> lines) {
  std::vector<Line> out;
  for (auto& line : lines) {
    const auto statistics = line.claim.substr(0, line.claim.find(" of the "));
    const auto same = std::find_if(out.begin(), out.end(), [&](const Line& other) {
      return other.verdict == line.verdict && line.verdict != Verdict::supported && other.reason == line.reason &&
             other.because == line.because && other.claim.rfind(statistics + " of the ", 0) == 0;
    });
    if (same == out.end()) {
      out.push_back(std::move(line));
    } else {
      same->claim += ", " + line.claim.substr(statistics.size() + 8);
    }
  }
  return out;
}

std::vector<Line> lines_of(const std::vector<Claim>& claims) {
  std::vector<Line> lines = joined(percentile_lines(claims));
  for (const auto& claim : claims) {
    if (!is_percentile(claim)) lines.push_back({claim.verdict, claim.claim, claim.because, claim.reason, claim.needs});
  }
  return lines;
}

std::string_view mark_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::supported: return "+";
    case Verdict::not_supported: return "-";
    case Verdict::no_data: return "0";
    case Verdict::invalid: return "!";
  }
  return " ";
}

std::string_view color_of(Verdict verdict) {
  if (verdict == Verdict::supported) return kGreen;
  return verdict == Verdict::no_data ? kYellow : kRed;
}

void write_line(std::string& out, const Line& line, const Pen& pen) {
  constexpr std::string_view kIndent = "      ";
  std::string text = line.claim;
  if (!line.because.empty()) text += ": " + line.because;
  // A refusal says which kind it is, so that a line can be quoted alone.
  if (line.verdict != Verdict::supported)
    text = fmt::format("{} [{}]", text, line.verdict == Verdict::no_data ? "no_data: " + line.reason : line.reason);
  out += fmt::format("  {} {}\n", pen.paint(mark_of(line.verdict), color_of(line.verdict)), pen.wrap(text, 4, kIndent));
  if (line.needs.empty()) return;
  out += fmt::format("{}{}\n", kIndent, pen.paint("needs " + pen.wrap(line.needs, kIndent.size() + 6, kIndent), kDim));
}

}  // namespace

std::string to_text(const Report& report, bool color, int width) {
  const Pen pen(color, width);
  std::string out = pen.paint(report.tool, kBold);
  if (!report.tool_version.empty()) out += " " + report.tool_version;
  out += ": " + report.what;
  if (report.bad_rows > 0) out += fmt::format(" ({} unreadable)", plural(report.bad_rows, "row"));
  out += fmt::format("\n{}\n", pen.wrap(fmt::format("{}", fmt::join(report.files, ", ")), 0, "  "));
  const auto lines = lines_of(report.claims);
  struct Section {
    const char* title;
    std::array<bool, 4> verdicts;  // by Verdict
  };
  const std::array<Section, 3> sections = {{{"Contradicts itself", {false, false, false, true}},
                                            {"May be claimed", {true, false, false, false}},
                                            {"May not be claimed", {false, true, true, false}}}};
  for (const auto& section : sections) {
    std::string body;
    for (const auto& line : lines) {
      if (section.verdicts[static_cast<std::size_t>(line.verdict)]) write_line(body, line, pen);
    }
    if (!body.empty()) out += fmt::format("\n{}\n{}", pen.paint(section.title, kBold), body);
  }
  out +=
      fmt::format("\n{} supported, {} not supported, {} without data, {} invalid\n", report.count(Verdict::supported),
                  report.count(Verdict::not_supported), report.count(Verdict::no_data), report.count(Verdict::invalid));
  return out;
}

}  // namespace phasegate::claims
