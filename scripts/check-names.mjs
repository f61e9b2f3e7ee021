// Fails where a benchmark uses a name, an export or a module that there is not. Benchmarks are loosely typed JavaScript, so of all that the
// compiler says of them only this is looked at.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const root = fileURLToPath(new URL('..', import.meta.url))
const { config } = ts.readConfigFile(join(root, 'tsconfig.scripts.json'), ts.sys.readFile)
const { options } = ts.parseJsonConfigFileContent({ ...config, include: [], files: [] }, ts.sys, root)
const files = readdirSync(join(root, 'bench'))
  .filter(name => name.endsWith('.mjs'))
  .map(name => join(root, 'bench', name))

/** Cannot find a name, a module, an export, or one of that name. */
const missing = new Set([2304, 2305, 2306, 2307, 2552, 2614, 2724])

const program = ts.createProgram(files, options)
const found = ts
  .getPreEmitDiagnostics(program)
  .filter(({ code, file }) => missing.has(code) && file?.fileName.includes('/bench/'))
if (found.length > 0) {
  const host = { getCurrentDirectory: () => root, getCanonicalFileName: name => name, getNewLine: () => '\n' }
  process.stderr.write(ts.formatDiagnostics(found, host))
  process.exit(1)
}
