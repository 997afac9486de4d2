// What every page of phasegate looks like: colours, type, tables, plots; no script, no font to fetch. Colours are
// variables with a light and a dark set; every text colour has a contrast of at least 4.5 on its ground. Series differ
// by colour and by the shape of their mark. A page adds its own rules behind these.
#pragma once

#include <string_view>

namespace phasegate::report {

inline constexpr std::string_view kBaseCss = R"css(
:root{color-scheme:light dark;
 --bg:#f4f5f2;--paper:#ffffff;--ink:#16191d;--soft:#4d5661;--line:#d9dde2;--head:#f7f8f6;
 --good:#0a6b41;--good-bg:#e3f3ea;--caution:#7a4b00;--caution-bg:#fcf0d9;--bad:#a3211a;--bad-bg:#fbe7e5;--neutral:#3f4a56;--neutral-bg:#e9edf1;
 --accent:#1d4ed8;--c0:#1d4ed8;--c1:#c2410c;--c2:#0f766e;--c3:#7e22ce;--c4:#92610a;--c5:#be185d}
@media (prefers-color-scheme:dark){:root{
 --bg:#0e1114;--paper:#171b20;--ink:#eceff2;--soft:#a7b1bc;--line:#2d343c;--head:#1d2228;
 --good:#6fd8a4;--good-bg:#12301f;--caution:#f2c46d;--caution-bg:#332509;--bad:#ff9c92;--bad-bg:#3a1613;--neutral:#bcc7d2;--neutral-bg:#252c34;
 --accent:#8ab4ff;--c0:#8ab4ff;--c1:#ffa66b;--c2:#5fd4c4;--c3:#cda4ff;--c4:#e6c15c;--c5:#ff9ac6}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--bg);color:var(--ink);font:14px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue","DejaVu Sans",sans-serif}
main{max-width:1240px;margin:0 auto;padding:20px}
.sheet{background:var(--paper);border:1px solid var(--line);border-radius:10px;padding:24px 28px}
a{color:inherit;text-decoration:underline;text-decoration-style:dotted;text-decoration-color:var(--line);text-underline-offset:2px}
td.n a{text-decoration-color:var(--soft)}
a:hover,a:focus-visible{text-decoration-style:solid;color:var(--accent)}
a:focus-visible,.scroll:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
h1,h2,h3,p,ul,ol,dl,dd,figure{margin:0;padding:0}
h1{font-size:26px;line-height:1.15;letter-spacing:-.015em}
h2{font-size:12px;text-transform:uppercase;letter-spacing:.09em;color:var(--soft);font-weight:650;margin:0 0 8px}
h3{font-size:14px;line-height:1.3}
code,.mono{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.9em}
.soft{color:var(--soft)}.small{font-size:12px}
header{display:flex;flex-wrap:wrap;justify-content:space-between;gap:12px 32px;align-items:flex-start;padding-bottom:16px;border-bottom:2px solid var(--ink)}
header .kicker{font-size:12px;text-transform:uppercase;letter-spacing:.12em;color:var(--soft);font-weight:650;margin-bottom:4px}
header dl{display:grid;grid-template-columns:auto auto;gap:2px 12px;font-size:12px;margin-left:auto}
header dt{color:var(--soft)}header dd{text-align:right}
.banner{margin:16px 0 0;padding:12px 16px;border:2px solid var(--bad);background:var(--bad-bg);color:var(--bad);border-radius:8px;font-weight:650}
.banner span{display:block;font-weight:400;color:var(--ink);font-size:13px}
section{margin-top:22px}
.cols{display:grid;gap:22px 28px}.cols.two{grid-template-columns:1fr 1fr}.cols.three{grid-template-columns:repeat(3,1fr)}
.cols>section{margin-top:0;min-width:0}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:8px 10px;border-bottom:1px solid var(--line)}
thead th{background:var(--head);font-size:12px;font-weight:650;color:var(--soft);white-space:nowrap}
.chip{display:inline-block;padding:1px 9px;border-radius:99px;font-size:12px;font-weight:650;white-space:nowrap}
.chip.good{color:var(--good);background:var(--good-bg)}.chip.caution{color:var(--caution);background:var(--caution-bg)}
.chip.bad{color:var(--bad);background:var(--bad-bg)}.chip.neutral{color:var(--neutral);background:var(--neutral-bg)}
.legend{display:flex;flex-wrap:wrap;gap:4px 18px;font-size:13px;margin-bottom:6px;list-style:none}
.legend svg{vertical-align:-2px;margin-right:5px}
figure figcaption{font-size:13px;font-weight:650;margin-bottom:2px}
figure svg{width:100%;height:auto;display:block}
svg text{fill:var(--soft);font:11px system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
svg .label{fill:var(--ink)}svg .grid{stroke:var(--line);stroke-width:1}svg .reference{stroke:var(--soft);stroke-width:1.5;stroke-dasharray:4 3}svg .row{fill:var(--head)}
.k0{stroke:var(--c0);fill:var(--c0)}.k1{stroke:var(--c1);fill:var(--c1)}.k2{stroke:var(--c2);fill:var(--c2)}
.k3{stroke:var(--c3);fill:var(--c3)}.k4{stroke:var(--c4);fill:var(--c4)}.k5{stroke:var(--c5);fill:var(--c5)}
svg .range{stroke-width:2.5;stroke-linecap:round}
.scroll{overflow-x:auto}
.numbers td,.numbers th{padding:4px 10px;font-size:13px}
.numbers th[scope=row],.numbers td.who{white-space:nowrap;font-weight:500}
.numbers thead th.n{white-space:normal;overflow-wrap:break-word;max-width:140px;vertical-align:bottom}
.numbers td.n{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
.numbers thead th.n{text-align:right}
.numbers td.n small{display:block;color:var(--soft);font-size:11px}
.numbers thead tr:first-child th.g{text-align:center;border-left:1px solid var(--line)}
.numbers .first{border-left:1px solid var(--line)}
dl.pairs{display:grid;grid-template-columns:minmax(90px,40%) 1fr;gap:3px 14px;font-size:13px}
dl.pairs dt{color:var(--soft);overflow-wrap:anywhere}dl.pairs dd{overflow-wrap:anywhere}
.note{border-left:3px solid var(--ink);padding:2px 0 2px 12px;font-size:13px}.note+.note{margin-top:10px}
.list li{margin:0 0 3px 18px;font-size:13px;overflow-wrap:anywhere}
details{margin-top:10px}summary{cursor:pointer;font-size:13px;color:var(--soft)}
)css";

}  // namespace phasegate::report
