import { readFileSync, statSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { defineConfig, type Plugin, type UserConfig } from 'vite'

const floatScript = 'float.js'

/** `import { base64 } from 'FILE?gzip'`: the file, compressed; with `?base64`, as it is. */
const embed: Plugin = {
  name: 'embed',
  enforce: 'pre',
  async resolveId(id, importer) {
    const [, file, form] = /^(.+)(\?(?:gzip|base64))$/.exec(id) ?? []
    if (file === undefined) return null
    const found = await this.resolve(file, importer)
    return found && `\0${found.id}${form}`
  },
  load(id) {
    const [, file, form] = /^\0(.+)\?(gzip|base64)$/.exec(id) ?? []
    if (file === undefined) return null
    const bytes = readFileSync(file)
    return `export const base64 = '${(form === 'gzip' ? gzipSync(bytes) : bytes).toString('base64')}'`
  },
}

/** A page opened by a double click may load scripts, but no modules. */
const classicScript: Plugin = {
  name: 'classic-script',
  transformIndexHtml: {
    order: 'post',
    handler: html => html.replace('<script type="module" crossorigin', '<script defer').replace(' crossorigin', ''),
  },
}

/** Where ONNX Runtime lies, which no classic script can ask for; it would look for its WebAssembly there, but is given it. */
const withoutImportMeta: Plugin = {
  name: 'without-import-meta',
  enforce: 'pre',
  transform: (code, id) =>
    /[\\/]onnxruntime-web[\\/]/.test(id) ? code.replaceAll('import.meta.url', '"http://localhost/"') : null,
}

const page = (): UserConfig => ({
  plugins: [embed, classicScript],
  define: { __FLOAT_BYTES__: statSync(`dist/${floatScript}`).size },
  build: {
    emptyOutDir: false,
    modulePreload: false,
    cssCodeSplit: false,
    assetsInlineLimit: 0,
    rolldownOptions: {
      output: {
        format: 'iife',
        codeSplitting: false,
        entryFileNames: 'page.js',
        assetFileNames: '[name][extname]',
      },
    },
  },
})

const float = (): UserConfig => ({
  plugins: [embed, withoutImportMeta],
  build: {
    reportCompressedSize: false,
    lib: { entry: 'src/float-network.ts', formats: ['iife'], name: 'floatNetwork', fileName: () => floatScript },
  },
})

/** The page, or with `--mode float`, before it, the script that it loads when it is asked for the float network. */
export default defineConfig(({ mode }) => ({
  base: './',
  logLevel: 'warn',
  ...(mode === 'float' ? float() : page()),
}))
