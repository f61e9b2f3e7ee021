import { dirname } from 'node:path'
import { build } from 'vite'

/** A script with all it imports, and what it would still import when it is loaded: Node's own modules. */
export const bundle = async (
  entry: string,
): Promise<{ readonly code: string; readonly imports: readonly string[] }> => {
  const result = await build({
    configFile: false,
    logLevel: 'warn',
    root: dirname(entry),
    build: {
      write: false,
      target: 'esnext',
      rolldownOptions: { input: entry, external: /^node:/, output: { format: 'es' } },
    },
  })
  if (Array.isArray(result) || !('output' in result)) throw new Error('one bundle was expected')
  const [{ code, imports }, ...others] = result.output
  const further = others.flatMap(chunk => (chunk.type === 'chunk' ? chunk.imports : []))
  return { code, imports: [...imports, ...further].filter(id => id.startsWith('node:')) }
}
