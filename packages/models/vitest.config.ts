import { defineConfig } from 'vitest/config'
import { packageTests } from '../../test/support/vitest.js'

export default defineConfig({ test: packageTests })
