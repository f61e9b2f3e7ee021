import { fontFamily } from '../charts/render.js'
import { paletteStyle } from './palette.js'

/** The page's style sheet: it names no file and no font that would have to be fetched. */
export const style = `${paletteStyle}
*{box-sizing:border-box}
html{background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Helvetica,Arial,sans-serif;-webkit-text-size-adjust:100%}
body{margin:0 auto;padding:0 clamp(12px,3vw,40px) 48px;max-width:1360px}
header{padding:28px 0 8px}
h1{margin:0;font-size:1.7rem;line-height:1.2;overflow-wrap:anywhere}
h2{margin:44px 0 12px;padding-bottom:6px;border-bottom:1px solid var(--rule);font-size:1.3rem}
h3{margin:24px 0 8px;font-size:1.05rem}
h4{margin:0 0 2px;font-size:.9rem;font-weight:600}
p{margin:8px 0;max-width:78ch}
a{color:var(--series-0)}
nav{position:sticky;top:0;z-index:1;margin:12px 0 0;padding:8px 0;background:var(--paper);border-bottom:1px solid var(--rule);overflow-x:auto;white-space:nowrap}
nav ul{display:flex;gap:18px;margin:0;padding:0;list-style:none}
nav a{display:inline-block;padding:4px 2px;text-decoration:none}
nav a:hover,nav a:focus{text-decoration:underline}
section{scroll-margin-top:56px}
:focus-visible{outline:2px solid var(--series-0);outline-offset:2px}
.note,.status{color:var(--muted);font-size:.875rem}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,440px),1fr));gap:20px}
.figures>.wide{grid-column:1/-1}
figure{margin:0;padding:14px 16px;min-width:0;border:1px solid var(--rule);border-radius:8px;background:var(--panel)}
figcaption{margin-bottom:8px;font-weight:600;overflow-wrap:anywhere}
figure svg{display:block;font-family:${fontFamily};width:100%;height:auto;max-height:78vh;margin:0 auto}
.panels{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,236px),1fr));gap:14px}
.panel svg{margin:0}
.key{display:inline-block;width:1em;height:1em;vertical-align:-.12em;border-radius:2px}
.key.above{background:var(--series-0)}
.key.below{background:var(--series-1)}
dl.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,220px),1fr));gap:12px;margin:12px 0}
dl.facts>div{display:flex;flex-direction:column;padding:12px 16px;border:1px solid var(--rule);border-radius:8px;background:var(--panel)}
dl.facts dd{margin:0;font-size:1.35rem;font-weight:600;font-variant-numeric:tabular-nums}
dl.facts dt{color:var(--muted);font-size:.875rem}
code{font-size:.9em}
details{margin-top:8px}
summary{width:fit-content;padding:2px 4px;color:var(--muted);font-size:.875rem;cursor:pointer}
main>section>.scroll+.scroll{margin-top:24px}
.scroll{overflow:auto;max-width:100%;position:relative}
figure details .scroll,section>details .scroll{max-height:420px}
table{border-collapse:collapse;font-size:.875rem;font-variant-numeric:tabular-nums}
th,td{padding:4px 12px 4px 0;text-align:right;vertical-align:top;border-bottom:1px solid var(--rule);white-space:nowrap}
thead th{vertical-align:bottom;border-bottom:2px solid var(--axis);font-weight:600}
th[scope=row],thead th:first-child,.text td,.text th{text-align:left}
th[scope=row]{font-weight:500}
.text td small{color:var(--muted);font-size:.8125rem}
.text td{white-space:normal;overflow-wrap:break-word;min-width:13ch;max-width:38ch}
.text td small{display:inline-block;min-width:min(26ch,50vw)}
mark{padding:1px 4px;border-radius:3px;background:color-mix(in srgb,var(--series-4) 24%,transparent);color:inherit}
.differs{color:var(--series-4)}
.state{font-weight:600;white-space:nowrap}
.state.running{color:var(--series-1)}
.state.finished{color:var(--series-2)}
.hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
footer{margin-top:48px;color:var(--muted);font-size:.875rem}
@media print{html{font-size:12px}body{max-width:none;padding:0}nav{display:none}figure{break-inside:avoid;background:none}h2,h3{break-after:avoid}.figures{grid-template-columns:1fr 1fr;gap:10px}figure svg{max-height:none}.scroll{overflow:visible;max-height:none}.scroll svg{min-width:0!important}details:not([open]){display:none}.text td{min-width:0}.key,mark{print-color-adjust:exact}}
`
