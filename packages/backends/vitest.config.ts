import { defineConfig } from 'vitest/config'
import { packageTests } from '../../test/support/vitest.js'

// Memory that glibc gives to a native library begins as 0x40 bytes instead of zeros, so that tests see a library that reads what it has not
// written. Workers are processes, which read this when they begin.
process.env.MALLOC_PERTURB_ = String(0xff ^ 0x40)

/** On a processor with AVX-512 oneDNN has other kernels than on most: its tests run with those of AVX2, too. */
const avx2 = {
  name: 'AVX2',
  include: ['test/wasm/{onednn,channels}.test.ts'],
  env: { DNNL_MAX_CPU_ISA: 'AVX2' },
}

export default defineConfig({
  test: {
    maxWorkers: '100%',
    projects: [{ test: { ...packageTests, name: 'backends' } }, { test: { ...packageTests, ...avx2 } }],
  },
})
