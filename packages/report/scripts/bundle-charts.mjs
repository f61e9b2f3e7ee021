// Puts the parts of ECharts that are used into the module that draws with them: the whole library is a hundred times as large.
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const module = fileURLToPath(new URL('../dist/charts/render.js', import.meta.url))
/** Modules of this package are imported as before. */
const ownModule = ({ path, importer }) => (importer === module ? { path, external: true } : undefined)

// It may be bundled already: the compiler writes only what has changed.
if (/from ['"]echarts/.test(await readFile(module, 'utf8')))
  await build({
    entryPoints: [module],
    outfile: module,
    allowOverwrite: true,
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2023',
    plugins: [{ name: 'own-modules-stay', setup: ({ onResolve }) => onResolve({ filter: /^\.\.?\// }, ownModule) }],
    banner: {
      js: '/*! Contains parts of ECharts 6 (Apache-2.0, the Apache Software Foundation) and zrender 6 (BSD-3-Clause, Baidu Inc.). */',
    },
    legalComments: 'inline',
  })
