// The card as one self-contained HTML file. Everything that comes from evidence is escaped; nothing is fetched, nothing
// runs. Sections are written top to bottom in the order in which a reader meets them.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <span>

#include "policy/card.h"
#include "policy/card_css.h"
#include "policy/card_model.h"
#include "policy/card_plot.h"
#include "policy/card_text.h"
#include "report/base_css.h"

namespace phasegate::policy {
namespace {

constexpr std::size_t kRowsShown = 12;

std::string esc(std::string_view text) { return escape_html(text); }

const char* tone_class(Tone tone) {
  switch (tone) {
    case Tone::good: return "good";
    case Tone::neutral: return "neutral";
    case Tone::caution: return "caution";
    case Tone::bad: return "bad";
  }
  return "neutral";
}

std::string title_of(const CardModel& card, int evidence) {
  const EvidenceRow& row = card.evidence[static_cast<std::size_t>(evidence - 1)];
  return esc(fmt::format("run {} · {} · {}", row.run, row.file, row.key));
}

// Text that leads to its evidence; plain when there is none.
std::string linked(const CardModel& card, const std::string& text, int evidence) {
  if (evidence < 1) return esc(text);
  return fmt::format(R"(<a href="#ev-{}" title="{}">{}</a>)", evidence, title_of(card, evidence), esc(text));
}

std::string chip(const std::string& text, Tone tone) {
  return fmt::format(R"(<span class="chip {}">{}</span>)", tone_class(tone), esc(text));
}

std::string header_html(const CardModel& card) {
  std::string tiers;
  for (const TierCard& tier : card.tiers) tiers += (tiers.empty() ? "" : ", ") + tier.name;
  std::string out = fmt::format(R"(<header><div><p class="kicker">Decision Card · {}</p><h1>{}</h1></div><dl>)",
                                esc(tiers), esc(card.headline));
  const std::array<std::pair<const char*, std::string>, 4> facts = {{{"Policy", card.policy_id.substr(0, 16)},
                                                                     {"Scope", card.scope},
                                                                     {"Evidence of", day_of(card.created)},
                                                                     {"Expires", day_of(card.expires)}}};
  for (const auto& [label, value] : facts) {
    out += fmt::format(R"(<dt>{}</dt><dd class="mono">{}</dd>)", label, esc(value));
  }
  out += "</dl></header>\n";
  if (card.provisional) {
    out += fmt::format(R"(<p class="banner" role="alert">PROVISIONAL, NOT FOR POLICY<span>{}</span></p>)",
                       esc(card.provisional_reason));
  }
  return out;
}

std::string linked(const CardModel& card, const Line& line) { return linked(card, line.text, line.evidence); }

std::string choice_html(const CardModel& card, const Choice& choice) {
  std::string out =
      fmt::format(R"(<td class="pick" data-label="Backend"><span class="mark{}"></span><span class="name">{}</span>)",
                  choice.winner ? "" : " open", esc(choice.backend));
  if (!choice.winner) out += fmt::format(R"(<span class="state">{}</span>)", chip(choice.state, Tone::caution));
  out += fmt::format(R"(<span class="why">{}</span>)", linked(card, choice.why, choice.evidence));
  if (!choice.settle.empty()) {
    out += fmt::format(R"(<span class="settle">{}</span>)", linked(card, choice.settle, choice.evidence));
  }
  out += fmt::format(R"(</td><td class="where" data-label="Where">{}</td>)", esc(choice.where));
  out += fmt::format(R"(<td class="where" data-label="Compile">{}</td><td class="where" data-label="Warm-up">{}</td>)",
                     esc(choice.compile), esc(choice.warmup));
  return out;
}

std::string matrix_html(const CardModel& card, const TierCard& tier) {
  std::string out = fmt::format(R"(<section><h2>Decision matrix{}</h2><div class="matrix"><table>
<thead><tr><th scope="col">Class and condition</th><th scope="col">Backend</th><th scope="col">Measured bucket</th><th scope="col">Compile</th><th scope="col">Warm-up</th></tr></thead>
)",
                                card.tiers.size() > 1 ? " · " + esc(tier.name) : "");
  for (const ClassRow& row : tier.classes) {
    const std::size_t span = std::max<std::size_t>(row.choices.size(), 1);
    out +=
        fmt::format(R"(<tbody><tr><th scope="rowgroup" rowspan="{}"><b>{}</b><span>{}</span><span>by {}</span></th>)",
                    span, esc(row.title), linked(card, row.condition), esc(row.objective));
    if (row.choices.empty()) {
      out += fmt::format(
          R"(<td class="pick" colspan="4"><span class="mark open"></span><span class="name">{}</span><span class="state">{}</span></td></tr>)",
          esc(tier.default_safe), chip("not measured: routes to default-safe", Tone::caution));
    }
    for (std::size_t i = 0; i < row.choices.size(); ++i) {
      if (i > 0) out += "<tr>";
      out += choice_html(card, row.choices[i]) + "</tr>\n";
    }
    out += "</tbody>\n";
  }
  out += fmt::format(
      R"(</table></div><p class="back">Outside every measured bucket, and wherever no winner is named: <b>{}</b> (default-safe: {}).</p>)",
      esc(tier.default_safe), esc(tier.default_safe_reason));
  if (!tier.differs.text.empty()) {
    out += fmt::format(R"(<p class="back">{}</p>)", linked(card, tier.differs));
  }
  for (const Line& line : card.absent) {
    out += fmt::format(R"(<p class="back">{} {}</p>)", chip("missing", Tone::caution), linked(card, line));
  }
  if (!tier.global.empty()) out += fmt::format(R"(<p class="back">Whole traffic: {}</p>)", esc(tier.global));
  return out + "</section>\n";
}

std::string flow_html() {
  return R"(<section><h2>From traffic to audit</h2><ol class="flow">
<li><b>Traffic</b><span>prompt, gen, batch, model</span></li>
<li><b>Classify</b><span>decode-heavy, prefill-heavy, mixed</span></li>
<li><b>Route backend</b><span>the bucket's winner, else default-safe</span></li>
<li><b>Warm-up regime</b><span>no traffic before the path is warm</span></li>
<li><b>Measure and audit</b><span>each request keeps its reason</span></li></ol>
<p class="back">↺ When the stack drifts or this card expires, it is stale: default-safe serves, and S0–S3 (or the part that the trigger names) is measured again.</p></section>
)";
}

std::string gates_html(const CardModel& card) {
  std::string out = R"(<section><h2>Three gates</h2><div class="cols three">)";
  for (const GateCard& gate : card.gates) {
    out += fmt::format(
        R"(<div class="gate"><div class="top"><h3>{}</h3><a href="#ev-{}" title="{}" style="text-decoration:none">{}</a></div><p class="q">{}</p><ul>)",
        esc(gate.title), gate.evidence, gate.evidence > 0 ? title_of(card, gate.evidence) : "",
        chip(gate.state, gate.tone), esc(gate.question));
    for (const Line& line : gate.lines) out += "<li>" + linked(card, line) + "</li>";
    out += "</ul></div>";
  }
  return out + "</div></section>\n";
}

// Prefill does not depend on gen, and decode is best seen over many steps: one row for each prompt and batch, with the
// smallest gen for prefill and the largest for decode.
std::vector<PlotRow> plot_rows(const TierCard& tier, bool decode) {
  std::map<std::pair<int, int>, const ShapeRow*> chosen;
  for (const ShapeRow& shape : tier.shapes) {
    const ShapeRow*& known = chosen[{shape.batch, shape.prompt}];
    if (known == nullptr || (decode ? shape.gen > known->gen : shape.gen < known->gen)) known = &shape;
  }
  std::vector<PlotRow> rows;
  for (const auto& [key, shape] : chosen) {
    std::string label = fmt::format("p{}", shape->prompt);
    if (decode) label += fmt::format(" g{}", shape->gen);
    if (shape->batch > 1) label += fmt::format(" ×{}", shape->batch);
    rows.push_back({std::move(label), decode ? shape->decode : shape->prefill});
  }
  return rows;
}

std::string figure_html(const CardModel& card, const Figure& figure) {
  if (!figure.value)
    return fmt::format(R"(<span class="soft">{}</span><small>{}</small>)", figure.text, esc(figure.note));
  return linked(card, figure.text, figure.evidence) +
         (figure.note.empty() ? "" : "<small>" + esc(figure.note) + "</small>");
}

std::string shape_table(const CardModel& card, const TierCard& tier, std::size_t from, std::size_t to) {
  const std::size_t count = tier.candidates.size();
  std::string out = fmt::format(
      R"(<div class="scroll" tabindex="0" role="region" aria-label="Medians by shape"><table class="numbers"><thead><tr><th rowspan="2" scope="col">Shape</th><th rowspan="2" scope="col" class="cls">Class</th><th class="g" colspan="{0}" scope="colgroup">Decode, tok/s</th><th class="g" colspan="{0}" scope="colgroup">Prefill, tok/s</th><th class="g" colspan="{0}" scope="colgroup">End to end, ms</th></tr><tr>)",
      count);
  for (int block = 0; block < 3; ++block) {
    for (std::size_t i = 0; i < count; ++i) {
      out += fmt::format(R"(<th class="n{}" scope="col">{} {}</th>)", i == 0 ? " first" : "", legend_mark(i),
                         esc(tier.candidates[i]));
    }
  }
  out += "</tr></thead><tbody>\n";
  for (std::size_t i = from; i < to; ++i) {
    const ShapeRow& shape = tier.shapes[i];
    out += fmt::format(R"(<tr><th scope="row" class="mono">{}</th><td class="cls">{}</td>)", esc(shape.scenario),
                       esc(shape.workload));
    for (const auto* block : {&shape.decode, &shape.prefill, &shape.e2e_ms}) {
      for (std::size_t k = 0; k < block->size(); ++k) {
        out += fmt::format(R"(<td class="n{}">{}</td>)", k == 0 ? " first" : "", figure_html(card, (*block)[k]));
      }
    }
    out += "</tr>\n";
  }
  return out + "</tbody></table></div>";
}

std::string numbers_html(const CardModel& card, const TierCard& tier) {
  std::string out = fmt::format(R"(<section><h2>Measured{}</h2><ul class="legend">)",
                                card.tiers.size() > 1 ? " · " + esc(tier.name) : "");
  for (std::size_t i = 0; i < tier.candidates.size(); ++i) {
    out += "<li>" + legend_mark(i) + esc(tier.candidates[i]) + "</li>";
  }
  out +=
      R"(<li class="soft">mark: median of session medians · bar: 95 % interval over sessions</li></ul><div class="cols two">)";
  const auto plot = [&](bool decode, const char* title) {
    const std::string svg = interval_plot(plot_rows(tier, decode), tier.candidates, "tok/s", title);
    if (svg.empty()) return std::string();
    return fmt::format("<figure><figcaption>{}</figcaption>{}</figure>", title, svg);
  };
  out += plot(true, "Decode, generated tokens per second") + plot(false, "Prefill, prompt tokens per second");
  out += R"(</div><div style="margin-top:12px">)";
  const std::size_t shown = std::min(tier.shapes.size(), kRowsShown);
  out += shape_table(card, tier, 0, shown);
  if (shown < tier.shapes.size()) {
    out += fmt::format("<details><summary>{} more shapes</summary>{}</details>", tier.shapes.size() - shown,
                       shape_table(card, tier, shown, tier.shapes.size()));
  }
  return out + "</div></section>\n";
}

std::string cost_table(const CardModel& card, const std::vector<const CostRow*>& rows) {
  std::string out =
      R"(<div class="scroll" tabindex="0" role="region" aria-label="Cost and capacity"><table class="numbers"><thead>
<tr><th rowspan="2" scope="col">Shape</th><th rowspan="2" scope="col">Candidate</th><th class="g" colspan="2" scope="colgroup">Seconds per 1M tokens</th><th class="g" colspan="3" scope="colgroup">USD per 1M tokens</th><th class="g" colspan="2" scope="colgroup">One worker, at most</th></tr>
<tr><th class="n first" scope="col">prompt</th><th class="n" scope="col">generated</th><th class="n first" scope="col">prompt</th><th class="n" scope="col">generated</th><th class="n" scope="col">request mix</th><th class="n first" scope="col">requests/s</th><th class="n" scope="col">generated tokens/day</th></tr></thead><tbody>
)";
  for (const CostRow* row : rows) {
    out += fmt::format(R"(<tr><th scope="row" class="mono">{}</th><td class="who">{}</td>)", esc(row->scenario),
                       esc(row->candidate));
    for (const Figure* figure : {&row->prefill_seconds, &row->decode_seconds, &row->prefill_usd, &row->decode_usd,
                                 &row->mix_usd, &row->requests_per_s, &row->tokens_per_day}) {
      out += fmt::format(R"(<td class="n">{}</td>)", figure_html(card, *figure));
    }
    out += "</tr>\n";
  }
  return out + "</tbody></table></div>";
}

// One shape stands for each class: the middle one of those that were measured. The rest folds away.
std::string costs_html(const CardModel& card, const TierCard& tier) {
  std::map<std::string, std::vector<std::string>> by_class;
  for (const ShapeRow& shape : tier.shapes) by_class[shape.workload].push_back(shape.scenario);
  std::vector<const CostRow*> shown;
  std::vector<const CostRow*> rest;
  for (const CostRow& row : tier.costs) {
    const auto scenarios = by_class.find(row.workload);
    const bool stands = scenarios != by_class.end() && scenarios->second[scenarios->second.size() / 2] == row.scenario;
    (stands ? shown : rest).push_back(&row);
  }
  std::string out =
      fmt::format(R"(<section><h2>Cost and capacity{}</h2>)", card.tiers.size() > 1 ? " · " + esc(tier.name) : "");
  out += cost_table(card, shown);
  if (!rest.empty()) {
    out += fmt::format("<details><summary>all other shapes</summary>{}</details>", cost_table(card, rest));
  }
  out += fmt::format(
      R"(<p class="back">{} Capacity is that of one worker that is always busy, one call after the other: workers = load / this is a lower bound; apply the burst factor of your traffic.</p></section>
)",
      linked(card, card.price));
  return out;
}

std::string accuracy_html(const CardModel& card) {
  std::string out =
      R"(<section><h2>Accuracy gate</h2><div class="scroll" tabindex="0" role="region" aria-label="Accuracy"><table class="numbers"><thead><tr><th scope="col">Candidate</th><th scope="col">Gate</th><th class="n" scope="col">Perplexity against fp32</th><th class="n" scope="col">Top-1 agreement</th></tr></thead><tbody>)";
  for (const AccuracyRow& row : card.accuracy) {
    out += fmt::format(R"(<tr><th scope="row">{}</th><td>{}</td><td class="n">{}</td><td class="n">{}</td></tr>)",
                       esc(row.candidate), chip(row.status, row.tone), figure_html(card, row.delta),
                       figure_html(card, row.agreement));
  }
  return out + fmt::format(R"(</tbody></table></div><p class="note" style="margin-top:10px">{}</p></section>)",
                           esc(card.quality));
}

std::string pairs_html(const CardModel& card, const std::vector<std::pair<std::string, std::string>>& pairs,
                       int evidence) {
  std::string out = R"(<dl class="pairs">)";
  for (const auto& [key, value] : pairs) {
    out += fmt::format("<dt>{}</dt><dd>{}</dd>", esc(key), linked(card, value, evidence));
  }
  return out + "</dl>";
}

std::string list_html(const CardModel& card, std::span<const Line> lines) {
  std::string out = R"(<ul class="list">)";
  for (const Line& line : lines) out += "<li>" + linked(card, line) + "</li>";
  return out + "</ul>";
}

std::string footer_html(const CardModel& card) {
  std::string out = R"(<section class="cols three"><section><h2>Boundary</h2>)" +
                    pairs_html(card, card.boundary, card.boundary_evidence);
  out += fmt::format(R"(<p class="back">{}; nothing is claimed beyond it.</p></section>)",
                     linked(card, "valid for exactly this", card.boundary_evidence));
  out += R"(<section><h2>Measure again when this changes</h2>)" + pairs_html(card, card.triggers, 0);
  out += fmt::format(R"(<h2 style="margin-top:14px">Change control</h2><p class="note">{}</p></section>)",
                     esc(card.change_control));
  out += R"(<section><h2>Evidence</h2>)" + list_html(card, card.runs);
  if (!card.left_out.empty()) out += fmt::format(R"(<p class="back">Left out: {}.</p>)", esc(card.left_out));
  out += fmt::format(R"(<p class="back">Family: {}.</p>)", linked(card, card.family));
  if (!card.flags.empty()) {
    const std::span<const Line> flags(card.flags);
    const std::size_t shown = std::min<std::size_t>(flags.size(), 6);
    out += R"(<h2 style="margin-top:14px">Flags</h2>)" + list_html(card, flags.first(shown));
    if (flags.size() > shown) {
      out += fmt::format("<details><summary>{} more</summary>{}</details>", flags.size() - shown,
                         list_html(card, flags.subspan(shown)));
    }
  }
  return out + "</section></section>\n";
}

std::string appendix_html(const CardModel& card) {
  std::string out = R"(<section class="appendix" id="evidence"><h2>Where each number comes from</h2>
<p class="soft">A key is <code>cell#field</code> inside <code>analysis/cells.json</code>; there, <code>seqs</code> lists the lines of <code>records.jsonl</code> behind it. The hash is that of <code>records.jsonl</code> for measured values, of the manifest or of this policy otherwise. <code>phasegate validate RUN</code> checks the chain.</p>
<table><thead><tr><th scope="col">#</th><th scope="col">Value</th><th scope="col">Run</th><th scope="col">File</th><th scope="col">Key</th><th scope="col">sha256</th></tr></thead><tbody>
)";
  for (std::size_t i = 0; i < card.evidence.size(); ++i) {
    const EvidenceRow& row = card.evidence[i];
    out += fmt::format(
        R"(<tr id="ev-{}"><td>{}</td><td>{}</td><td class="mono">{}</td><td class="mono">{}</td><td class="mono">{}</td><td class="mono" title="{}">{}</td></tr>
)",
        i + 1, i + 1, esc(row.value), esc(row.run), esc(row.file), esc(row.key), esc(row.sha256),
        esc(row.sha256.substr(0, 16)));
  }
  return out + "</tbody></table></section>\n";
}

}  // namespace

core::Result<std::string> render_html(const evidence::Policy& policy) {
  PHASEGATE_TRY(card, make_card(policy));
  std::string out = fmt::format(R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark"><meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Decision Card {}</title><style>{}{}</style></head><body><main><article class="sheet">
)",
                                esc(card.policy_id.substr(0, 16)), report::kBaseCss, kCardCss);
  out += header_html(card);
  for (const TierCard& tier : card.tiers) out += matrix_html(card, tier);
  out += flow_html() + gates_html(card);
  for (const TierCard& tier : card.tiers) out += numbers_html(card, tier);
  for (const TierCard& tier : card.tiers) out += costs_html(card, tier);
  out += accuracy_html(card) + footer_html(card) + appendix_html(card);
  return out + "</article></main></body></html>\n";
}

}  // namespace phasegate::policy
