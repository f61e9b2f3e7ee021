// Compiles assembly/ twice: with relaxed SIMD (fused multiply-add) and without, for engines that lack it.
import { mkdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import asc from 'assemblyscript/asc'

const root = fileURLToPath(new URL('..', import.meta.url))
const out = `${root}dist/wasm`
await mkdir(out, { recursive: true })

for (const [name, features] of [
  ['kernels', 'simd,threads,bulk-memory'],
  ['kernels-relaxed', 'simd,threads,bulk-memory,relaxed-simd'],
]) {
  const { error, stderr } = await asc.main(
    [
      'assembly/index.ts',
      ...[
        '--baseDir',
        root,
        '--outFile',
        `dist/wasm/${name}.wasm`,
        '--enable',
        features,
        '--runtime',
        'stub',
        '--use',
        'abort=',
      ],
      ...['--importMemory', '--sharedMemory', '--initialMemory', '16', '--maximumMemory', '65536'],
      ...['-O3', '--noAssert', '--converge'],
    ],
    {},
  )
  if (error) {
    process.stderr.write(stderr.toString())
    process.exit(1)
  }
}
