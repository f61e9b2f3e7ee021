import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'
import { packageTests } from './support/vitest.js'

/** The files that take longest, which begin first so that none of them is left alone at the end. */
const longest = ['docs', 'queue', 'create', 'publishing/installed', 'resume', 'train-resume', 'browser/webgpu']

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const place = longest.findIndex(name => moduleId.endsWith(`/test/${name}.test.ts`))
      return place < 0 ? longest.length : place
    }
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b))
  }
}

export default defineConfig({
  test: {
    ...packageTests,
    globalSetup: './support/few-images-setup.ts',
    hookTimeout: 0,
    maxWorkers: '100%',
    exclude: ['nodes/**', 'node_modules/**'],
    sequence: { sequencer: LongestFirst },
    // The packages as they are built, loaded by Node itself.
    server: { deps: { external: [/\/packages\/[a-z-]+\/dist\//] } },
  },
})
