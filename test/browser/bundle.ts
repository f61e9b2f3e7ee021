import { fileURLToPath } from 'node:url'
import { build } from 'vite'

const entry = fileURLToPath(new URL('page.ts', import.meta.url))

/** @cpnas/training reads and writes files as well; what trains needs none of that. */
const mayNameNode = /[\\/]packages[\\/]training[\\/]/

/** What the page runs, as one script. No module of Node's comes in: it would be missing in a browser. */
export const bundle = async (): Promise<string> => {
  const result = await build({
    configFile: false,
    logLevel: 'warn',
    root: import.meta.dirname,
    plugins: [
      {
        name: 'no-node',
        enforce: 'pre',
        resolveId: (id, importer = '') => {
          if (!id.startsWith('node:')) return null
          if (mayNameNode.test(importer)) return { id, external: true, moduleSideEffects: false }
          throw new Error(`${importer} imports ${id}, which a browser lacks`)
        },
      },
    ],
    build: {
      write: false,
      minify: false,
      target: 'esnext',
      rolldownOptions: { input: entry, output: { format: 'es', codeSplitting: false } },
    },
  })
  if (Array.isArray(result) || !('output' in result)) throw new Error('one bundle was expected')
  const [{ code, imports }] = result.output
  if (imports.length > 0) throw new Error(`the page would import ${imports.join(', ')}`)
  return code
}
