// The page as HTML. A section is its table, then the plots drawn from it; long tables open on demand, wide ones scroll
// inside their own frame.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "report/base_css.h"
#include "report/page.h"
#include "report/plot.h"
#include "report/text.h"

namespace phasegate::report {
namespace {

constexpr std::size_t kRowsShown = 24;
constexpr double kLabelUnit = 6.2;  // width of a letter in the units of the drawing
constexpr double kLabelMost = 400;
constexpr std::size_t kPlotRows = 36;  // a taller picture is no picture: the table has the rest

constexpr std::string_view kPageCss = R"css(
.lead{max-width:76ch;margin-bottom:10px}
.plots{display:grid;gap:18px;margin-top:12px}
.plot{overflow-x:auto}.plot svg{min-width:640px;max-width:980px}
.notes{margin-top:14px}
figure .legend svg{width:12px;height:12px;display:inline-block}
.numbers th[scope=row]{position:sticky;left:0;background:var(--paper)}
.numbers thead th:first-child{position:sticky;left:0}
.numbers td.w{min-width:120px}
.frame{border:1px solid var(--line);border-radius:8px;overflow:hidden}
.frame details{margin:0;border-top:1px solid var(--line)}.frame summary{padding:6px 10px}
@media screen and (max-width:820px){
 main{padding:0}.sheet{border:0;border-radius:0;padding:18px 14px}header dl{margin-left:0}header dd{text-align:left}
 .numbers th[scope=row]{white-space:normal;overflow-wrap:anywhere;min-width:96px;max-width:130px}
 .numbers td,.numbers th{padding:4px 6px}.plot svg{min-width:780px}
}
@media print{body{font-size:9px}main{max-width:none;padding:0}.sheet{border:0;padding:0}section{break-inside:avoid}}
)css";

// Room for a sentence, so that it does not become a column of single words.
const char* wide(const std::string& text) { return text.size() > 24 ? R"( class="w")" : ""; }

std::string cell_html(const Table& table, const Cell& cell, bool number, bool head) {
  std::string title;
  if (!cell.key.empty()) title = fmt::format(R"( title="{} · {}")", escape_html(table.artifact), escape_html(cell.key));
  std::string text = escape_html(cell.text);
  if (!cell.value && !cell.key.empty()) text = fmt::format(R"(<span class="soft">{}</span>)", text);
  if (!cell.note.empty()) text += fmt::format("<small>{}</small>", escape_html(cell.note));
  if (head) return fmt::format(R"(<th scope="row"{}>{}</th>)", title, text);
  return fmt::format(R"(<td{}{}>{}</td>)", number ? R"( class="n")" : wide(cell.text), title, text);
}

std::string rows_html(const Table& table, std::size_t from, std::size_t to) {
  std::string out;
  for (std::size_t i = from; i < to; ++i) {
    out += "<tr>";
    for (std::size_t k = 0; k < table.rows[i].size(); ++k)
      out += cell_html(table, table.rows[i][k], table.columns[k].number, k == 0);
    out += "</tr>\n";
  }
  return out;
}

std::string part_html(const Table& table, const std::string& title, std::size_t from, std::size_t to) {
  std::string out = fmt::format(
      R"(<div class="scroll" tabindex="0" role="region" aria-label="{}"><table class="numbers"><thead><tr>)",
      escape_html(title));
  for (const Column& column : table.columns) {
    out += fmt::format(R"(<th scope="col"{}>{}</th>)", column.number ? R"( class="n")" : "", escape_html(column.title));
  }
  return out + "</tr></thead><tbody>\n" + rows_html(table, from, to) + "</tbody></table></div>";
}

std::string table_html(const Section& section) {
  const Table& table = section.table;
  const std::size_t shown = std::min(table.rows.size(), kRowsShown);
  std::string out = R"(<div class="frame">)" + part_html(table, section.title, 0, shown);
  if (shown < table.rows.size()) {
    out += fmt::format("<details><summary>{} more rows</summary>{}</details>", table.rows.size() - shown,
                       part_html(table, section.title + ", continued", shown, table.rows.size()));
  }
  return out + "</div>";
}

struct Drawing {
  std::vector<std::string> series;
  std::vector<PlotRow> rows;
  std::size_t left_out = 0;
};

std::string label_of(const std::vector<Cell>& row, const std::vector<std::size_t>& columns) {
  std::string label;
  for (const std::size_t column : columns) {
    if (row[column].text.empty()) continue;
    label += (label.empty() ? "" : " · ") + row[column].text;
  }
  return label;
}

// In the order of their names, so that a backend has one colour in all plots of a page.
std::map<std::string, std::size_t> series_of(const Table& table, const PlotSpec& spec) {
  std::map<std::string, std::size_t> series;
  for (const auto& row : table.rows)
    if (row[spec.value].value) series[spec.series ? row[*spec.series].text : std::string()] = 0;
  std::size_t next = 0;
  for (auto& [name, position] : series) position = next++;
  return series;
}

// Rows with the same label share a line of the plot, one mark for each series.
Drawing draw(const Table& table, const PlotSpec& spec) {
  Drawing drawing;
  std::map<std::string, std::size_t> series = series_of(table, spec);
  for (const auto& [name, position] : series) drawing.series.push_back(name);
  std::map<std::string, std::size_t> lines;
  for (const auto& row : table.rows) {
    const Cell& cell = row[spec.value];
    if (!cell.value) continue;
    const std::string name = spec.series ? row[*spec.series].text : std::string();
    const std::string label = label_of(row, spec.labels);
    if (const auto known = lines.find(label); known == lines.end()) {
      if (drawing.rows.size() >= kPlotRows) {
        ++drawing.left_out;
        continue;
      }
      lines[label] = drawing.rows.size();
      drawing.rows.push_back({label, {}});
    }
    auto& marks = drawing.rows[lines[label]].marks;
    marks.resize(std::max(marks.size(), series[name] + 1));
    marks[series[name]] = {
        cell.value,
        cell.low,
        cell.high,
        fmt::format("{}{}{}: {} {} {}", label, name.empty() ? "" : ", ", name, cell.text, spec.unit, cell.note),
        {}};
  }
  for (PlotRow& row : drawing.rows) row.marks.resize(drawing.series.size());
  return drawing;
}

// Cut where the axis begins; the whole label stands in the table and in the title of its marks.
void shorten(std::string& label) {
  constexpr auto kMost = static_cast<std::size_t>((kLabelMost - 24) / kLabelUnit);
  if (label.size() <= kMost) return;
  std::size_t end = kMost - 1;
  while (end > 0 && (static_cast<unsigned char>(label[end]) & 0xC0U) == 0x80U) --end;  // not inside a code point
  label = label.substr(0, end) + "…";
}

std::string plot_html(const Section& section, const PlotSpec& spec) {
  Drawing drawing = draw(section.table, spec);
  std::size_t longest = 0;
  for (const PlotRow& row : drawing.rows) longest = std::max(longest, row.label.size());
  PlotOptions options;
  options.unit = spec.unit;
  options.title = fmt::format("{}: {}", section.title, section.table.columns[spec.value].title);
  options.width = 860;
  options.label_width = std::clamp(24 + kLabelUnit * static_cast<double>(longest), 92.0, kLabelMost);
  for (PlotRow& row : drawing.rows) shorten(row.label);
  options.logarithmic = spec.logarithmic;
  options.reference = spec.reference;
  const std::string svg = dot_plot(drawing.rows, options);
  if (svg.empty()) return {};
  std::string out = fmt::format("<figure><figcaption>{}{}</figcaption>", escape_html(options.title),
                                spec.logarithmic ? " (logarithmic)" : "");
  if (drawing.series.size() > 1) {
    out += R"(<ul class="legend">)";
    for (std::size_t i = 0; i < drawing.series.size(); ++i)
      out += "<li>" + legend_mark(i) + escape_html(drawing.series[i]) + "</li>";
    out += "</ul>";
  }
  out += fmt::format(R"(<div class="plot" tabindex="0" role="region" aria-label="{}">{}</div>)",
                     escape_html(options.title), svg);
  if (drawing.left_out > 0)
    out += fmt::format(R"(<p class="small soft">{} more in the table above.</p>)", drawing.left_out);
  return out + "</figure>\n";
}

std::string section_html(const Section& section) {
  std::string out = fmt::format("<section><h2>{}</h2>", escape_html(section.title));
  if (!section.lead.empty()) out += fmt::format(R"(<p class="lead">{}</p>)", escape_html(section.lead));
  if (section.table.rows.empty())
    return out + fmt::format(R"(<p class="soft">{}</p></section>)", escape_html(section.empty));
  out += table_html(section);
  std::string plots;
  for (const PlotSpec& spec : section.plots) plots += plot_html(section, spec);
  if (!plots.empty()) out += R"(<div class="plots">)" + plots + "</div>";
  return out + "</section>\n";
}

}  // namespace

std::string render_html(const Page& page) {
  std::string out = fmt::format(R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark"><meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{0}</title><style>{1}{2}</style></head><body><main><article class="sheet">
<header><div><p class="kicker">{3}</p><h1>{0}</h1></div><dl>)",
                                escape_html(page.title), kBaseCss, kPageCss, escape_html(page.kicker));
  for (const auto& [name, value] : page.facts)
    out += fmt::format(R"(<dt>{}</dt><dd class="mono">{}</dd>)", escape_html(name), escape_html(value));
  out += "</dl></header>\n";
  if (!page.notes.empty()) {
    out += R"(<div class="notes">)";
    for (const std::string& note : page.notes) out += fmt::format(R"(<p class="note">{}</p>)", escape_html(note));
    out += "</div>\n";
  }
  for (const Section& section : page.sections) out += section_html(section);
  return out + "</article></main></body></html>\n";
}

}  // namespace phasegate::report
