import { defineConfig } from 'vitest/config'
import { packageTests } from '../../test/support/vitest.js'

// Memory that glibc gives to a native library begins as 0x40 bytes instead of zeros, so that tests see a library that reads what it has not
// written. Workers are processes, which read this when they begin.
process.env.MALLOC_PERTURB_ = String(0xff ^ 0x40)

export default defineConfig({ test: { ...packageTests, maxWorkers: '100%' } })
