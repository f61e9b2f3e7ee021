import { defineConfig } from 'vitest/config'

/** `pnpm test:nodes`: what the tests of one Node cannot tell. */
export default defineConfig({
  test: { root: import.meta.dirname, include: ['*.test.ts'], testTimeout: 0, hookTimeout: 0 },
})
