// Puts the page of a network together: page/, its script bundled with the engine, as one template in a module.
import { execFileSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc')
execFileSync(process.execPath, [compiler, '-p', `${root}page`], { stdio: 'inherit' })

const bundle = await build({
  entryPoints: [`${root}page/main.ts`],
  bundle: true,
  minify: true,
  format: 'iife',
  target: 'es2023',
  write: false,
  legalComments: 'none',
  // Only threads need it, and the page has none.
  logOverride: { 'empty-import-meta': 'silent' },
})
const [{ text: script }] = bundle.outputFiles
if (/<\/script|<!--/i.test(script)) throw new Error('the script cannot stand in a page')

const [page, style] = await Promise.all(['page.html', 'style.css'].map(name => readFile(`${root}page/${name}`, 'utf8')))
const parts = { style: style.trim(), script: script.trim() }
const template = page.replace(/\/\* \{\{(style|script)\}\} \*\//g, (_, name) => parts[name])
await writeFile(
  `${root}src/page/template.generated.ts`,
  `// Made by scripts/build-page.mjs.\nexport const template: string = ${JSON.stringify(template)}\n`,
)
