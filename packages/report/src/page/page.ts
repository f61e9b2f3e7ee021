import { type Content, html, raw } from './html.js'
import { style } from './style.js'

export interface PageSection {
  readonly id: string
  readonly title: string
  readonly content: Content
}

export interface Page {
  readonly title: string
  readonly sections: readonly PageSection[]
  /** Path of a script on the server that serves the page. Default: none, and the browser is told to run none. */
  readonly script?: string
}

/** The page's content security policy: it may only be shown. A served page may also run its script, which may ask its own server. */
const policy = (script: string | undefined): string =>
  [
    "default-src 'none'",
    "style-src 'unsafe-inline'",
    'img-src data:',
    ...(script === undefined ? [] : ["script-src 'self'", "connect-src 'self'"]),
  ].join('; ')

/** The whole HTML document. */
export const page = ({ title, sections, script }: Page): string =>
  html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="content-security-policy" content="${policy(script)}">
<meta name="generator" content="cpnas report">
<link rel="icon" href="data:,">
<title>${title}</title>
<style>${raw(style)}</style>
${script !== undefined && html`<script src="${script}" defer></script>`}
</head>
<body>
<header><h1>${title}</h1>${script !== undefined && html`<p class="status" id="live" role="status">Follows the run while it goes on.</p>`}</header>
<nav aria-label="Contents"><ul>${sections.map(({ id, title }) => html`<li><a href="#${id}">${title}</a></li>`)}</ul></nav>
<main>
${sections.map(({ content }) => content)}
</main>
<footer>Made by cpnas report. This page needs nothing but itself.</footer>
</body>
</html>
`.text
