// Fails on import cycles, on imports against the layer order, and on imports of packages that package.json does not declare.
import { existsSync } from 'node:fs'
import { cruise } from 'dependency-cruiser'
import extractTSConfig from 'dependency-cruiser/config-utl/extract-ts-config'

/** Bottom first: a package may import the ones before it. */
const layers = [
  'core',
  'packed',
  'backends',
  'binarize',
  'cp-loss',
  'supernet',
  'indicator',
  'data',
  'training',
  'search',
  'model',
  'export',
  'table',
  'models',
  'runs',
  'queue',
  'report',
  'experiments',
  'cli',
]
const independent = ['core', 'indicator', 'packed']

const sourcesOf = name => `^packages/${name}/src/`
/** Built packages resolve to their dist, packages not built yet to their bare name. */
const anyOf = names => `^(packages|@cpnas)/(${names.join('|')})(/|$)`

/** @type {import('dependency-cruiser').IRegularForbiddenRuleType[]} */
const layerRules = layers.flatMap((name, i) => {
  const above = independent.includes(name) ? layers.filter(other => other !== name) : layers.slice(i + 1)
  return above.length === 0
    ? []
    : [
        {
          name: 'layer-order',
          severity: 'error',
          comment: independent.includes(name) ? `${name} imports no other package` : `${name} stands below ${above}`,
          from: { path: sourcesOf(name) },
          to: { path: anyOf(above) },
        },
      ]
})

/** @type {import('dependency-cruiser').IFlattenedRuleSet} */
const ruleSet = {
  forbidden: [
    ...layerRules,
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'packages-by-name',
      severity: 'error',
      comment: "a package's sources are reached through its name only",
      from: { path: '^(packages/([^/]+)|test)/' },
      to: { path: '^packages/([^/]+)/src/', pathNot: '^packages/$2/' },
    },
    {
      name: 'declared-dependencies',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/' },
      to: {
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown', 'unknown', 'undetermined'],
        // Optional peers are development dependencies too, for the tests.
        dependencyTypesNot: ['npm-peer'],
        // A generated file is not there before the build; ECharts is bundled by the build of report.
        pathNot: ['^(packages|@cpnas)/', '[.]generated[.]js$', '/echarts/'],
      },
    },
  ],
}

const result = await cruise(
  ['packages', 'examples', 'test', 'scripts', 'bench'].filter(path => existsSync(path)),
  {
    ruleSet,
    validate: true,
    outputType: 'err',
    exclude: { path: '(^|/)(assembly|coverage)/' },
    doNotFollow: { path: '(^|/)(dist|node_modules)/' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'node', 'default'] },
  },
  {},
  { tsConfig: extractTSConfig('tsconfig.base.json') },
)
process.stdout.write(`${result.output}\n`)
process.exitCode = result.exitCode
