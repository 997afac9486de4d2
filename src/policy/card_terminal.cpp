// The card for a terminal of 80 to 120 columns. Lines are made of cells whose width is counted in code points; none of
// the texts here holds characters of double width.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "policy/card.h"
#include "policy/card_model.h"
#include "policy/card_text.h"

namespace phasegate::policy {
namespace {

constexpr int kMinWidth = 80;
constexpr int kMaxWidth = 120;
constexpr std::size_t kShapesShown = 12;

enum class Ink { plain, bold, dim, good, caution, bad };

int columns(std::string_view text) {
  return static_cast<int>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

// The first `count` code points.
std::string_view head(std::string_view text, int count) {
  std::size_t i = 0;
  for (int seen = 0; i < text.size(); ++i) {
    if ((text[i] & 0xC0) != 0x80 && seen++ == count) break;
  }
  return text.substr(0, i);
}

// At words; a word that is longer than a line is cut.
std::vector<std::string> wrap(const std::string& text, int width) {
  std::vector<std::string> lines;
  std::string line;
  const auto flush = [&] {
    lines.push_back(line);
    line.clear();
  };
  std::size_t start = 0;
  while (start < text.size()) {
    const std::size_t space = std::min(text.find(' ', start), text.size());
    std::string word = text.substr(start, space - start);
    start = space + 1;
    while (columns(word) > width) {
      if (!line.empty()) flush();
      line = head(word, width);
      word.erase(0, line.size());
      flush();
    }
    if (!line.empty() && columns(line) + 1 + columns(word) > width) flush();
    line += (line.empty() ? "" : " ") + word;
  }
  if (!line.empty() || lines.empty()) flush();
  return lines;
}

class Page {
 public:
  Page(int width, bool colour) : width_(width), colour_(colour) {}

  [[nodiscard]] int inner() const { return width_ - 4; }

  void top() { out_ += "╭" + bar(width_ - 2) + "╮\n"; }
  void bottom() { out_ += "╰" + bar(width_ - 2) + "╯\n"; }

  void section(const std::string& title) {
    const int rest = width_ - 5 - columns(title);
    out_ += "├─ " + ink(title, Ink::bold) + " " + bar(std::max(rest - 0, 0)) + "┤\n";
  }

  // A line that fits; longer ones are wrapped, with `indent` blanks before the second and later parts.
  void line(const std::string& text, Ink colour = Ink::plain, int indent = 0) {
    const std::size_t lead = std::min(text.find_first_not_of(' '), text.size());
    bool first = true;
    for (const std::string& part : wrap(text.substr(lead), inner() - std::max(indent, static_cast<int>(lead)))) {
      const std::string padded = std::string(first ? lead : static_cast<std::size_t>(indent), ' ') + part;
      raw(ink(padded, colour), columns(padded));
      first = false;
    }
  }

  // Label on the left, wrapped text on the right.
  void pair(const std::string& label, const std::string& text, int label_width, Ink colour = Ink::plain,
            Ink label_colour = Ink::dim) {
    bool first = true;
    for (const std::string& part : wrap(text, inner() - label_width)) {
      const std::string left = pad(first ? label : "", label_width);
      raw(ink(left, label_colour) + ink(part, colour), label_width + columns(part));
      first = false;
    }
  }

  void raw(const std::string& text, int used) {
    out_ += "│ " + text + std::string(static_cast<std::size_t>(std::max(inner() - used, 0)), ' ') + " │\n";
  }

  [[nodiscard]] std::string ink(const std::string& text, Ink colour) const {
    if (!colour_ || colour == Ink::plain || text.empty()) return text;
    const char* code = colour == Ink::bold      ? "1"
                       : colour == Ink::dim     ? "2"
                       : colour == Ink::good    ? "32"
                       : colour == Ink::caution ? "33"
                                                : "31";
    return fmt::format("\033[{}m{}\033[0m", code, text);
  }

  static std::string pad(const std::string& text, int width) {
    const std::string fitted = columns(text) > width ? std::string(head(text, width - 1)) + "…" : text;
    return fitted + std::string(static_cast<std::size_t>(width - columns(fitted)), ' ');
  }
  static std::string pad_left(const std::string& text, int width) {
    const std::string fitted = columns(text) > width ? std::string(head(text, width)) : text;
    return std::string(static_cast<std::size_t>(width - columns(fitted)), ' ') + fitted;
  }

  std::string take() { return std::move(out_); }

 private:
  static std::string bar(int count) {
    std::string text;
    for (int i = 0; i < count; ++i) text += "─";
    return text;
  }

  int width_;
  bool colour_;
  std::string out_;
};

Ink ink_of(Tone tone) {
  switch (tone) {
    case Tone::good: return Ink::good;
    case Tone::neutral: return Ink::plain;
    case Tone::caution: return Ink::caution;
    case Tone::bad: return Ink::bad;
  }
  return Ink::plain;
}

void add_header(const CardModel& card, Page& page) {
  std::string tiers;
  for (const TierCard& tier : card.tiers) tiers += (tiers.empty() ? "" : ", ") + tier.name;
  page.line("DECISION CARD · " + tiers, Ink::dim);
  page.line(card.headline, Ink::bold);
  page.line(fmt::format("policy {} · scope {} · evidence of {} · expires {}", card.policy_id.substr(0, 16), card.scope,
                        day_of(card.created), day_of(card.expires)),
            Ink::dim);
  if (card.provisional) {
    page.line("!! PROVISIONAL, NOT FOR POLICY !!", Ink::bad);
    page.line(card.provisional_reason, Ink::bad);
  }
}

void add_matrix(const CardModel& card, const TierCard& tier, Page& page) {
  page.section(card.tiers.size() > 1 ? "Matrix · " + tier.name : "Matrix");
  constexpr int kLabel = 11;
  for (const ClassRow& row : tier.classes) {
    page.line(fmt::format("{} ({}), by {}", row.title, row.condition.text, row.objective), Ink::bold);
    if (row.choices.empty())
      page.line(fmt::format("  ○ {} (not measured: routes to default-safe)", tier.default_safe), Ink::caution, 4);
    for (const Choice& choice : row.choices) {
      const std::string who =
          choice.winner ? "  ● " + choice.backend : fmt::format("  ○ {} ({})", choice.backend, choice.state);
      page.line(who, choice.winner ? Ink::good : Ink::caution, 4);
      page.pair("    where", choice.where, kLabel + 2);
      page.pair("    why", choice.why, kLabel + 2);
      if (!choice.settle.empty()) page.pair("    settle", choice.settle, kLabel + 2);
      page.pair("    compile", choice.compile, kLabel + 2);
      page.pair("    warm-up", choice.warmup, kLabel + 2);
    }
  }
  page.pair("otherwise", fmt::format("{} (default-safe: {})", tier.default_safe, tier.default_safe_reason), kLabel);
  if (!tier.differs.text.empty()) page.pair("differ", tier.differs.text, kLabel);
  for (const Line& line : card.absent) page.pair("missing", line.text, kLabel, Ink::caution);
  if (!tier.global.empty()) page.pair("traffic", tier.global, kLabel);
}

void add_flow(Page& page) {
  page.section("Flow");
  const std::vector<std::string> steps = {"traffic", "classify", "route backend", "warm-up regime",
                                          "measure and audit"};
  page.line(fmt::format("{}", fmt::join(steps, " → ")));
  page.line("↺ drift or expiry: stale, default-safe serves, S0–S3 are measured again", Ink::dim, 2);
}

void add_gates(const CardModel& card, Page& page) {
  page.section("Gates");
  for (const GateCard& gate : card.gates) {
    page.line(fmt::format("{}: {}", gate.title, gate.state), ink_of(gate.tone));
    for (const Line& line : gate.lines) page.line("  " + line.text, Ink::plain, 2);
  }
}

std::string with_interval(const Figure& figure) {
  if (!figure.value) return figure.note.empty() ? figure.text : figure.note;
  return figure.note.empty() ? figure.text : figure.text + " " + figure.note;
}

// One block for each phase: shapes down, candidates across. Intervals are shown where the columns are wide enough.
void add_block(const TierCard& tier, const char* title, std::vector<Figure> ShapeRow::* member, Page& page) {
  constexpr int kShape = 15;
  const int count = static_cast<int>(tier.candidates.size());
  const int column = std::clamp((page.inner() - kShape) / std::max(count, 1), 10, 30);
  page.line(title, Ink::bold);
  std::string head_line = Page::pad("", kShape);
  for (const std::string& candidate : tier.candidates)
    head_line += Page::pad_left(Page::pad(candidate, std::min(column - 1, columns(candidate))), column);
  page.raw(page.ink(head_line, Ink::dim), columns(head_line));
  const std::size_t shown = std::min(tier.shapes.size(), kShapesShown);
  for (std::size_t i = 0; i < shown; ++i) {
    std::string row = Page::pad(tier.shapes[i].scenario, kShape);
    for (const Figure& figure : tier.shapes[i].*member) {
      const std::string full = with_interval(figure);
      row += Page::pad_left(columns(full) < column ? full : figure.text, column);
    }
    page.raw(row, columns(row));
  }
  if (shown < tier.shapes.size())
    page.line(fmt::format("… {} more shapes in the HTML card", tier.shapes.size() - shown), Ink::dim);
}

void add_costs(const CardModel& card, const TierCard& tier, Page& page) {
  page.section("Cost and capacity, per 1M tokens");
  std::map<std::string, std::vector<std::string>> by_class;
  for (const ShapeRow& shape : tier.shapes) by_class[shape.workload].push_back(shape.scenario);
  for (const CostRow& row : tier.costs) {
    const auto scenarios = by_class.find(row.workload);
    if (scenarios == by_class.end() || scenarios->second[scenarios->second.size() / 2] != row.scenario) continue;
    const auto money = [](const Figure& figure) {
      return figure.value ? "$" + figure.text : "null (" + figure.note + ")";
    };
    page.line(fmt::format("{} {}", row.scenario, row.candidate), Ink::dim);
    page.line(
        fmt::format("  prefill {} s, {} · decode {} s, {} · at most {} requests/s a worker", row.prefill_seconds.text,
                    money(row.prefill_usd), row.decode_seconds.text, money(row.decode_usd), row.requests_per_s.text),
        Ink::plain, 2);
  }
  page.line(card.price.text);
  page.line("Workers = load / capacity is a lower bound: apply the burst factor of your traffic.", Ink::dim);
}

void add_rest(const CardModel& card, Page& page) {
  page.section("Accuracy gate");
  for (const AccuracyRow& row : card.accuracy) {
    page.line(fmt::format("{}: {} · perplexity {} · top-1 agreement {}", row.candidate, row.status,
                          with_interval(row.delta), with_interval(row.agreement)),
              ink_of(row.tone), 2);
  }
  page.line(card.quality);
  page.section("Boundary");
  for (const auto& [label, value] : card.boundary)
    page.pair(label + " ", value, std::min(std::max(columns(label) + 1, 14), 30));
  page.section("Measure again when this changes");
  for (const auto& [what, rerun] : card.triggers) page.pair(what, rerun, 44, Ink::plain, Ink::plain);
  page.line("Change control: " + card.change_control);
  page.section("Evidence");
  for (const Line& run : card.runs) page.line(run.text, Ink::plain, 2);
  page.line("Numbers: <run>/analysis/cells.json, key <candidate>/<shape>/<phase>; `seqs` there lists the raw records.",
            Ink::dim, 2);
  if (!card.left_out.empty()) page.line("Left out: " + card.left_out, Ink::plain, 2);
  if (!card.family.text.empty()) page.line("Family: " + card.family.text, Ink::plain, 2);
  for (const Line& flag : card.flags) page.line("flag " + flag.text, Ink::caution, 2);
}

}  // namespace

core::Result<std::string> render_terminal(const evidence::Policy& policy, const TerminalOptions& options) {
  PHASEGATE_TRY(card, make_card(policy));
  Page page(std::clamp(options.width, kMinWidth, kMaxWidth), options.colour);
  page.top();
  add_header(card, page);
  for (const TierCard& tier : card.tiers) add_matrix(card, tier, page);
  add_flow(page);
  add_gates(card, page);
  for (const TierCard& tier : card.tiers) {
    page.section(card.tiers.size() > 1 ? "Measured · " + tier.name : "Measured");
    add_block(tier, "decode, tok/s: median [95 % interval over sessions]", &ShapeRow::decode, page);
    add_block(tier, "prefill, tok/s", &ShapeRow::prefill, page);
    add_block(tier, "end to end, ms", &ShapeRow::e2e_ms, page);
    add_costs(card, tier, page);
  }
  add_rest(card, page);
  page.bottom();
  return page.take();
}

}  // namespace phasegate::policy
