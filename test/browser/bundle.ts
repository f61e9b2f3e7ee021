import { fileURLToPath } from 'node:url'
import { build } from 'vite'

const entry = fileURLToPath(new URL('page.ts', import.meta.url))

/** The recipe of @cpnas/training takes images from @cpnas/data, which reads files; a training step needs none of that. */
const mayBeNamed = (id: string, importer: string): boolean =>
  (id === '@cpnas/data' || id.startsWith('node:')) && /[\\/]packages[\\/]training[\\/]/.test(importer)

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
          if (mayBeNamed(id, importer)) return { id, external: true, moduleSideEffects: false }
          if (!id.startsWith('node:')) return null
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
