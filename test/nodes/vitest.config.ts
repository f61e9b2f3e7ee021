import { defineConfig } from 'vitest/config'

/** `pnpm test:nodes`: what the tests of one Node cannot tell. */
export default defineConfig({ test: { include: ['nodes/*.test.ts'], root: '..', testTimeout: 0, hookTimeout: 0 } })
