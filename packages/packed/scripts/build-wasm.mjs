// Compiles assembly/ twice, with relaxed SIMD and without, for engines that lack it, and writes both into a module as base64, so
// that one import serves Node, bundlers and plain pages.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import asc from 'assemblyscript/asc'

const root = fileURLToPath(new URL('..', import.meta.url))
await mkdir(`${root}dist`, { recursive: true })

const compile = async (name, features) => {
  const { error, stderr } = await asc.main(
    [
      'assembly/index.ts',
      ...['--baseDir', root, '--outFile', `dist/${name}.wasm`, '--enable', features],
      ...['--runtime', 'stub', '--use', 'abort=', '--importMemory', '--initialMemory', '1'],
      ...['-O3', '--noAssert', '--converge'],
    ],
    {},
  )
  if (error) {
    process.stderr.write(stderr.toString())
    process.exit(1)
  }
  return (await readFile(`${root}dist/${name}.wasm`)).toString('base64')
}

const simd = await compile('kernels', 'simd,bulk-memory')
const relaxed = await compile('kernels-relaxed', 'simd,bulk-memory,relaxed-simd')
await writeFile(
  `${root}src/kernels/embedded.generated.ts`,
  `// Made by scripts/build-wasm.mjs.\nexport const simd: string = '${simd}'\nexport const relaxed: string = '${relaxed}'\n`,
)
