import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    testTimeout: 0,
    hookTimeout: 0,
    maxWorkers: '100%',
    exclude: ['nodes/**', 'node_modules/**'],
    // The packages as they are built, loaded by Node itself.
    server: { deps: { external: [/\/packages\/[a-z-]+\/dist\//] } },
  },
})
