// The look of the card, beyond what every page has (report/base_css.h). Narrow screens get one column and the matrix as
// cards; print gets one page without the appendix.
#pragma once

#include <string_view>

namespace phasegate::policy {

inline constexpr std::string_view kCardCss = R"css(
.matrix{border:1px solid var(--line);border-radius:8px;overflow:hidden}
.matrix table{margin:0}.matrix tbody:last-child tr:last-child>*{border-bottom:0}
.matrix th[scope=rowgroup]{width:17%;background:var(--head)}
.matrix th[scope=rowgroup] b{display:block;font-size:15px}
.matrix th[scope=rowgroup] span{display:block;font-weight:400;font-size:12px;color:var(--soft)}
.matrix td.pick{width:40%}
.pick .name{font-weight:650;font-size:15px;overflow-wrap:anywhere}
.mark{display:inline-block;width:10px;height:10px;border-radius:50%;margin-right:7px;background:var(--good)}
.mark.open{background:none;border:2px solid var(--caution)}
.pick .state{display:block;margin:2px 0}.pick .state .chip{white-space:normal;border-radius:6px}
.pick .why{display:block;font-size:12px;color:var(--soft)}
.pick .settle{display:block;font-size:12px;margin-top:3px;padding-left:8px;border-left:2px solid var(--caution)}
.where{font-size:13px}
.flow{display:flex;align-items:stretch;gap:26px;list-style:none}
.flow li{flex:1;position:relative;border:1px solid var(--line);border-radius:8px;padding:8px 12px;background:var(--head)}
.flow li b{display:block;font-size:13px}.flow li span{font-size:12px;color:var(--soft)}
.flow li:not(:last-child)::after{content:"→";position:absolute;right:-22px;top:50%;transform:translateY(-50%);font-size:18px;color:var(--soft)}
.back{margin-top:6px;font-size:12px;color:var(--soft)}
.gate{border:1px solid var(--line);border-radius:8px;padding:12px 14px}
.gate .top{display:flex;justify-content:space-between;gap:8px;align-items:flex-start}
.gate .q{font-size:12px;color:var(--soft);margin:2px 0 6px}
.gate li{list-style:none;font-size:13px;margin-top:3px;overflow-wrap:anywhere}
.appendix{margin-top:22px;font-size:12px}
.appendix td,.appendix th{padding:3px 8px;font-size:11.5px}.appendix td{overflow-wrap:anywhere}
.appendix tr:target{background:var(--caution-bg)}
.appendix td:first-child{white-space:nowrap}
@media screen and (max-width:820px){
 main{padding:0}.sheet{border:0;border-radius:0;padding:18px 16px}
 .cols.two,.cols.three{grid-template-columns:1fr}
 svg text{font-size:16px}.legend svg{width:14px;height:14px}.numbers .cls{display:none}
 header dl{margin-left:0}header dd{text-align:left}
 .flow{flex-direction:column;gap:22px}.flow li:not(:last-child)::after{content:"↓";right:auto;left:50%;top:auto;bottom:-22px;transform:translateX(-50%)}
 .matrix thead{position:absolute;clip-path:inset(50%);width:1px;height:1px;overflow:hidden}
 .matrix table,.matrix tbody,.matrix tr,.matrix td,.matrix th[scope=rowgroup]{display:block;width:auto!important}
 .matrix td{border-bottom:0;padding:3px 12px}.matrix tr{padding:8px 0;border-bottom:1px solid var(--line)}
 .matrix th[scope=rowgroup]{border-bottom:0;padding:6px 12px;margin-top:-8px}
 .matrix td[data-label]::before{content:attr(data-label) ": ";color:var(--soft);font-size:12px}
 .appendix table,.appendix tbody,.appendix tr,.appendix td{display:block}.appendix thead{display:none}
 .appendix tr{padding:6px 0;border-bottom:1px solid var(--line)}.appendix td{border:0;padding:0}
}
@page{size:A4 portrait;margin:8mm}
@media print{
 :root{--bg:#fff;--paper:#fff;--ink:#000;--soft:#444;--line:#bbb;--head:#f4f4f4;--good:#0a6b41;--good-bg:#e3f3ea;--caution:#7a4b00;--caution-bg:#fcf0d9;--bad:#a3211a;--bad-bg:#fbe7e5;--neutral:#3f4a56;--neutral-bg:#e9edf1;--accent:#000;--c0:#1d4ed8;--c1:#c2410c;--c2:#0f766e;--c3:#7e22ce;--c4:#92610a;--c5:#be185d}
 *{print-color-adjust:exact;-webkit-print-color-adjust:exact}
 body{font-size:8.5px;line-height:1.3}main{max-width:none;padding:0}.sheet{border:0;padding:0;zoom:.8}
 .appendix,details,.screen{display:none}section{margin-top:7px;break-inside:avoid}
 h1{font-size:16px}h2{font-size:8px;margin-bottom:3px}h3{font-size:9px}header{padding-bottom:5px}header .kicker{font-size:8px}.mark{width:7px;height:7px;margin-right:5px}.legend svg,thead svg{width:8px;height:8px}
 header dl,.small,.soft{font-size:7.5px}th,td{padding:2px 5px}thead th{font-size:7.5px}
 .matrix th[scope=rowgroup] b,.pick .name{font-size:9px}.matrix th[scope=rowgroup] span,.pick .why,.pick .settle,.where,.gate li,.gate .q,.back,.list li,dl.pairs,.note,.chip,.legend,.flow li b,.flow li span,figure figcaption{font-size:7.5px}
 .numbers td,.numbers th{font-size:7.5px;padding:1px 5px}.numbers td.n small{display:inline;font-size:6.5px;margin-left:3px}
 .cols{gap:7px 14px}.gate{padding:4px 7px}.flow li{padding:3px 7px}.flow li span{display:block}.banner{padding:4px 8px;margin-top:5px}.banner span{font-size:8px}
 figure svg{max-height:46mm}.note+.note{margin-top:3px}a{text-decoration:none}
}
)css";

}  // namespace phasegate::policy
