import { defineConfig } from 'vitest/config'

// A server that hangs must not hold up everything else.
export default defineConfig({ test: { testTimeout: 120_000, hookTimeout: 60_000 } })
