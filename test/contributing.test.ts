import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { afterAll, expect, test } from 'vitest'

const guide = readFileSync(join(import.meta.dirname, '../CONTRIBUTING.md'), 'utf8')
const examples = [...guide.matchAll(/^## (Add .*)\n(?:(?!^## )[\s\S])*?```ts\n([\s\S]*?)```/gm)].map(
  ([, title, code]) => ({
    title: title!,
    code: code!,
  }),
)

// Within this package, so that the packages are found by name.
mkdirSync(join(import.meta.dirname, 'node_modules/.cache'), { recursive: true })
const directory = mkdtempSync(join(import.meta.dirname, 'node_modules/.cache/contributing-'))
afterAll(() => rmSync(directory, { recursive: true }))

const base = ts.readConfigFile(join(import.meta.dirname, '../tsconfig.base.json'), ts.sys.readFile).config
const { options } = ts.parseJsonConfigFileContent({ ...base, files: [] }, ts.sys, directory)

/** Type-checked as the packages are, and compiled. */
const compile = (path: string): void => {
  const program = ts.createProgram([path], {
    ...options,
    composite: false,
    incremental: false,
    declaration: false,
    declarationMap: false,
    noEmit: false,
    outDir: directory,
    rootDir: directory,
  })
  const { diagnostics } = program.emit()
  const found = [...ts.getPreEmitDiagnostics(program), ...diagnostics]
  expect(found.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))).toEqual([])
}

test('there is a section for everything that people add', () => {
  expect(examples.map(({ title }) => title)).toEqual([
    'Add an operation',
    'Add a space',
    'Add a binarizer',
    'Add a strategy',
    'Add an evaluator',
    'Add a command',
  ])
})

test.each(examples)('$title: the example compiles, runs and prints what it says', ({ title, code }) => {
  const name = title.replaceAll(' ', '-').toLowerCase()
  const path = join(directory, `${name}.ts`)
  const cli = '../../../../packages/cli/dist'
  writeFileSync(
    path,
    code.replaceAll("'../command.js'", `'${cli}/command.js'`).replaceAll("'../values.js'", `'${cli}/values.js'`),
  )
  compile(path)
  const output = execFileSync(process.execPath, [join(directory, `${name}.js`)], { encoding: 'utf8' })
  expect(output.trimEnd().split('\n')).toEqual([...code.matchAll(/\/\/ prints (.*)/g)].map(([, line]) => line))
})
