/** In the colours of the page where it is light or dark by `color-scheme`, else of the system. */
export const STYLE = `
:host {
  all: initial;
  --ink: light-dark(#0e1b2a, #e8eef2);
  --ink-soft: light-dark(#4b5b6b, #9fb0be);
  --paper: light-dark(#fbfaf7, #0b1420);
  --raised: light-dark(#ffffff, #121f2e);
  --line: light-dark(#d9dfe3, #22364a);
  --sea: light-dark(#0b6e82, #4cc2d6);
  --on-sea: light-dark(#ffffff, #06222a);
  --foam: light-dark(#e3f3f2, #12303a);
  --sand: light-dark(#b7791f, #e0b15c);
  --sand-text: light-dark(#8a5a12, #e0b15c);
  --coral: light-dark(#c8442b, #ff8a70);
  --coral-text: light-dark(#b03a23, #ff8a70);
  --quick: 140ms;
  color-scheme: inherit;
}
:host([data-own-scheme]) { color-scheme: light dark; }
* { box-sizing: border-box; }
[hidden] { display: none !important; }
.panel {
  position: relative;
  display: flex;
  flex-direction: column;
  height: 100%;
  overflow: hidden;
  container-type: inline-size;
  background: var(--paper);
  color: var(--ink);
  font: 14px / 1.45 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif;
  -webkit-text-size-adjust: 100%;
}
:host([data-dock]) .panel {
  position: fixed;
  z-index: 2147483000;
  box-shadow: 0 -6px 24px light-dark(rgb(14 27 42 / 0.14), rgb(0 0 0 / 0.5));
}
:host([data-dock="bottom"]) .panel {
  inset: auto 0 0 0;
  height: var(--size);
  padding-bottom: env(safe-area-inset-bottom, 0px);
}
:host([data-dock="right"]) .panel { inset: 0 0 0 auto; width: var(--size); border-left: 1px solid var(--line); }
h2, h3, p, ul, ol, dl, dd { margin: 0; padding: 0; }
ul, ol { list-style: none; }
h3 { margin-bottom: 4px; font-size: inherit; font-weight: 600; }
button, input { font: inherit; color: inherit; }
button {
  min-height: 28px;
  padding: 3px 10px;
  border: 1px solid var(--line);
  border-radius: 6px;
  background: var(--raised);
  cursor: pointer;
  transition: background-color var(--quick), border-color var(--quick);
}
button:hover:enabled { border-color: var(--sea); }
button:disabled { opacity: 0.5; cursor: default; }
button.primary { border-color: var(--sea); background: var(--sea); color: var(--on-sea); font-weight: 600; }
button.wrong { color: var(--coral-text); }
button[aria-pressed="true"] { background: var(--foam); box-shadow: inset 0 -2px 0 var(--sea); }
:focus-visible { outline: 2px solid var(--sea); outline-offset: 1px; }
.digits { font-variant-numeric: tabular-nums; }
.hint { color: var(--ink-soft); font-size: 13px; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.blank { padding: 16px 0; color: var(--ink-soft); }
.notice { margin-bottom: 8px; padding: 6px 10px; border-left: 3px solid var(--sand); background: var(--raised); }

.edge { position: absolute; z-index: 1; touch-action: none; }
:host([data-dock="bottom"]) .edge { inset: 0 0 auto 0; height: 8px; cursor: ns-resize; }
:host([data-dock="right"]) .edge { inset: 0 auto 0 0; width: 8px; cursor: ew-resize; }
:host(:not([data-dock])) .edge { display: none; }
.edge:focus-visible { outline-offset: -2px; }
.tide { flex: none; height: 0; border-top: 3px solid var(--sea); transition: border-color var(--quick); }
[data-tide="rising"] .tide { border-image: linear-gradient(90deg, var(--sea) 70%, var(--line)) 1; }
[data-tide="dashed"] .tide { border-top-style: dashed; border-color: var(--ink-soft); }
[data-tide="waiting"] .tide { border-color: var(--sand); }
[data-tide="stalled"] .tide { border-color: var(--coral); }

header { display: grid; flex: none; grid-template-columns: minmax(0, 1fr) auto; gap: 0 8px; align-items: center; padding: 6px 8px 4px 12px; }
h2 { display: flex; align-items: center; font-size: inherit; font-weight: 600; white-space: nowrap; }
h2::before { content: ""; flex: none; width: 10px; height: 10px; margin-right: 8px; border: 2px solid var(--sea); border-radius: 50%; background: var(--sea); }
[data-tide="rising"] h2::before { background: none; }
[data-tide="dashed"] h2::before { border-color: var(--ink-soft); background: none; }
[data-tide="waiting"] h2::before { border-color: var(--sand); background: none; }
[data-tide="stalled"] h2::before { border-color: var(--coral); border-radius: 2px; background: var(--coral); }
.sentence { grid-row: 2; grid-column: 1 / -1; min-width: 0; color: var(--ink-soft); font-size: 13px; }
.sentence p { display: inline; }
.tools { display: flex; flex: none; gap: 4px; }
.tools button { min-width: 32px; border-color: transparent; background: none; color: var(--sea); }
.tools button:hover:enabled { border-color: var(--line); }
.tools svg { display: block; width: 16px; height: 16px; margin: 2px auto; fill: none; stroke: currentColor; stroke-width: 1.5; stroke-linecap: round; stroke-linejoin: round; }

[role="tablist"] { display: flex; flex: none; gap: 2px; padding: 0 8px; overflow-x: auto; border-bottom: 1px solid var(--line); scrollbar-width: none; }
[role="tab"] { flex: none; min-height: 32px; padding: 4px 10px; border: 0; border-radius: 6px 6px 0 0; background: none; color: var(--ink-soft); }
[role="tab"]:hover { color: var(--ink); }
[role="tab"][aria-selected="true"] { box-shadow: inset 0 -2px 0 var(--sea); color: var(--ink); font-weight: 600; }
[role="tab"]:focus-visible { outline-offset: -2px; }
.badge { margin-left: 6px; padding: 0 6px; border-radius: 8px; background: var(--foam); color: var(--ink); font-size: 12px; font-weight: 400; font-variant-numeric: tabular-nums; }
[role="tabpanel"] { flex: 1; min-height: 0; padding: 8px 12px 12px; overflow: auto; overscroll-behavior: contain; }
[role="tabpanel"]:focus-visible { outline-offset: -2px; }

.space { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 2px 12px; padding: 6px 0 8px; border-bottom: 1px solid var(--line); }
.space:last-child { border-bottom: 0; }
.space-name, .mutation-space, .event-space { overflow-wrap: anywhere; }
.space-name { font-weight: 600; }
.space-state { justify-self: end; color: var(--sea); }
.level { grid-column: 1 / -1; height: 3px; margin: 3px 0; border-radius: 2px; background: repeating-linear-gradient(90deg, var(--ink-soft) 0 4px, transparent 4px 8px); }
.water { display: block; height: 100%; border-radius: 2px; background: var(--sea); box-shadow: 0 0 0 1px var(--paper); transition: width var(--quick); }
.space > .hint { text-align: right; }
[data-state="behind"] .space-state, [data-state="being asked"] .space-state { color: var(--sand-text); }
[data-state="on this device"] .space-state { color: var(--ink-soft); }
[data-state="on this device"] .water { background: repeating-linear-gradient(90deg, var(--ink-soft) 0 8px, var(--paper) 8px 12px); }
[data-state="denied"] .space-state { color: var(--coral-text); }
[data-state="denied"] .water { background: var(--coral); }

.halves { display: grid; gap: 16px 24px; }
.mutation { display: grid; grid-template-columns: auto minmax(0, 1fr) auto; gap: 0 12px; align-items: baseline; padding: 6px 0; border-bottom: 1px solid var(--line); }
.mutation:last-child { border-bottom: 0; }
.mutation-name { font-weight: 600; font-variant-numeric: tabular-nums; }
.mutation-space { color: var(--ink-soft); }
.mutation-says { grid-column: 1 / -1; color: var(--sand-text); overflow-wrap: anywhere; }
.mutation[data-tone="wrong"] .mutation-says { color: var(--coral-text); }
.mutation-says::before { content: ""; display: inline-block; width: 7px; height: 7px; margin-right: 6px; border: 1.5px solid currentColor; border-radius: 50%; }
.mutation[data-tone="wrong"] .mutation-says::before { border-radius: 1px; background: currentColor; }
.acts { display: flex; grid-column: 1 / -1; gap: 8px; margin-top: 4px; }

.frames-view { display: flex; flex-direction: column; height: 100%; }
.bar { display: flex; flex: none; flex-wrap: wrap; gap: 6px; align-items: center; margin-bottom: 8px; }
.bar input[type="search"] { flex: 1 1 100%; min-height: 28px; padding: 3px 8px; border: 1px solid var(--line); border-radius: 6px; background: var(--raised); }
.bar ::placeholder { color: var(--ink-soft); opacity: 1; }
.totals { flex: 1 1 auto; color: var(--ink-soft); font-size: 13px; }
.scroll { flex: 1; min-height: 96px; overflow: auto; overscroll-behavior: contain; border: 1px solid var(--line); border-radius: 6px; background: var(--raised); contain: strict; }
.scroll .blank { padding: 16px 12px; }
table { width: 100%; border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; }
.frames { table-layout: fixed; }
th { text-align: left; font-weight: 600; }
.frames th { position: sticky; top: 0; padding: 4px 6px; background: var(--raised); box-shadow: inset 0 -1px 0 var(--line); color: var(--ink-soft); }
.frames td { height: 24px; padding: 0 6px; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
/* By its number: nth-child would change each row with each that is added. */
.frames tr[data-even] td { background: var(--paper); }
.frames [data-tone="wrong"] td { color: var(--coral-text); }
.frames .at { width: 84px; }
.frames .kind { width: 84px; }
.frames .bytes { width: 64px; text-align: right; }
.frames .detail { display: none; color: var(--ink-soft); }
.way { display: inline-block; width: 16px; color: var(--sea); }
[data-way="out"] .way { color: var(--sand-text); }

.event { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 0 8px; align-items: baseline; padding: 4px 0; border-bottom: 1px solid var(--line); }
.event:last-child { border-bottom: 0; }
.event-kind { font-weight: 600; }
.event-says { grid-column: 1 / -1; overflow-wrap: anywhere; }
.event[data-tone="wait"] .event-kind { color: var(--sand-text); }
.event[data-tone="wrong"] .event-kind { color: var(--coral-text); }
.event-space { font-weight: 600; }
code { padding: 0 4px; border-radius: 4px; background: var(--foam); font: inherit; }

.facts > div { display: grid; grid-template-columns: minmax(120px, 2fr) 3fr; gap: 12px; padding: 4px 0; border-bottom: 1px solid var(--line); }
.facts > div:last-child { border-bottom: 0; }
dt { color: var(--ink-soft); }
dd { overflow-wrap: anywhere; }
.scale { position: relative; height: 40px; margin: 12px 24px 8px; }
.scale > span { position: absolute; }
.track { inset: 9px 0 auto; border-top: 2px dashed var(--line); }
.lived { top: 8px; left: 0; height: 4px; border-radius: 2px; background: var(--sea); transition: width var(--quick); }
[data-doubted] .lived { background: var(--sand); }
.died { top: 2px; width: 2px; height: 16px; margin-left: -1px; background: var(--coral); }
.now { top: 4px; width: 12px; height: 12px; margin-left: -6px; border: 2px solid var(--paper); border-radius: 50%; background: var(--ink); }
.tick { top: 20px; color: var(--ink-soft); font-size: 12px; white-space: nowrap; transform: translateX(-50%); }
.storage .bar, .halves .bar { margin: 12px 0 0; }
.counts caption { padding-bottom: 4px; font-weight: 600; text-align: left; }
.counts th { padding: 3px 0; border-bottom: 1px solid var(--line); font-weight: 400; overflow-wrap: anywhere; }
.counts td { padding: 3px 0; border-bottom: 1px solid var(--line); text-align: right; }
.report { display: grid; gap: 12px; max-width: 640px; }
.report .bar { margin: 0; }
.check { display: grid; grid-template-columns: auto 1fr; gap: 8px; align-items: start; }
.check input { width: 16px; height: 16px; margin: 2px 0 0; accent-color: var(--sea); }

@container (min-width: 640px) {
  header { grid-template-columns: auto minmax(0, 1fr) auto; }
  .sentence { grid-row: 1; grid-column: 2; }
  .bar input[type="search"] { flex-basis: 240px; max-width: 320px; }
  .space { grid-template-columns: minmax(120px, 2fr) minmax(80px, 3fr) 240px 132px; align-items: center; }
  .level { grid-row: 1; grid-column: 2; }
  .space-name { grid-row: 1; grid-column: 1; }
  .space > .digits { grid-row: 1; grid-column: 3; }
  .space-state { grid-row: 1; grid-column: 4; }
  .space > .hint { grid-column: 1 / -1; text-align: left; }
  .space > .hint:empty { display: none; }
  .event { grid-template-columns: 68px 72px minmax(0, 1fr); }
  .event-says { grid-column: auto; }
  .halves { grid-template-columns: 1fr 1fr; }
  .frames .detail { display: table-cell; width: 44%; }
  .frames .at { width: 100px; }
  .frames .kind { width: 100px; }
  .frames .bytes { width: 80px; }
  .frames td, .frames th { padding-right: 8px; padding-left: 8px; }
  .beat .facts { columns: 2; column-gap: 32px; }
  .beat .facts > div { break-inside: avoid; }
}
@media (pointer: coarse) {
  button, .bar input { min-height: 36px; }
  .bar input { font-size: 16px; }
  .panel { font-size: 15px; }
  [role="tab"] { min-height: 40px; }
}
@media (prefers-reduced-motion: reduce) {
  * { transition-duration: 1ms !important; }
}
`
