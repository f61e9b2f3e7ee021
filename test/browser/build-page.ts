import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'vite'

/** A new folder with a page that runs a script of this directory, bundled with all that it imports. */
export const buildPage = async (script: string): Promise<string> => {
  const folder = mkdtempSync(join(tmpdir(), 'cpnas-page-test-'))
  writeFileSync(
    join(folder, 'index.html'),
    '<!doctype html><title>page</title><link rel="icon" href="data:,"><script type="module" src="page.js"></script>',
  )
  const input = join(import.meta.dirname, script)
  const output = { entryFileNames: 'page.js' }
  await build({
    configFile: false,
    logLevel: 'warn',
    root: import.meta.dirname,
    base: './',
    build: { outDir: folder, emptyOutDir: false, target: 'esnext', rolldownOptions: { input, output } },
  })
  return folder
}
