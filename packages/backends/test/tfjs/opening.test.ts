import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'

const dist = (file: string): string => new URL(`../../dist/tfjs/open/${file}`, import.meta.url).href

/** Modules by the source that stands in for them; null: not installed. */
type Stand = Readonly<Record<string, string | null>>

/** What a process that has these modules prints. It must end by itself. */
const printed = async (source: string, modules: Stand = {}, environment: NodeJS.ProcessEnv = {}): Promise<unknown> => {
  const hooks = `
    const stand = ${JSON.stringify(modules)}
    export const resolve = (name, context, next) => {
      if (!(name in stand)) return next(name, context)
      if (stand[name] !== null) return { url: 'data:text/javascript,' + encodeURIComponent(stand[name]), shortCircuit: true }
      throw Object.assign(new Error("Cannot find package '" + name + "' imported from somewhere"), { code: 'ERR_MODULE_NOT_FOUND' })
    }`
  const preload = `
    import { register } from 'node:module'
    register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(hooks)}))`
  const asUrl = (text: string): string => `data:text/javascript,${encodeURIComponent(text)}`
  const child = spawn(process.execPath, ['--import', asUrl(preload), '--input-type=module', '--eval', source], {
    env: { ...process.env, ...environment },
    cwd: new URL('.', pathToFileURL(import.meta.filename)),
  })
  let out = ''
  let err = ''
  child.stdout.setEncoding('utf8').on('data', text => {
    out += text
  })
  child.stderr.setEncoding('utf8').on('data', text => {
    err += text
  })
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(err)
  return JSON.parse(out)
}

const opening = (file: string, call: string): string => `
  import { ${call.split('(')[0]} } from ${JSON.stringify(dist(file))}
  const opened = await ${call}()
  process.stdout.write(JSON.stringify(opened._tag === 'Left' ? opened.left : opened.right.name))`

const openCpu = opening('cpu.js', 'openCpu')
const openWebgpu = opening('webgpu.js', 'openWebgpu')
const openNode = opening('node.js', "openNode('tfjs-node')")
const openNodeGpu = opening('node.js', "openNode('tfjs-node-gpu')")

const core = '@tensorflow/tfjs-core'

test.for<readonly [string, string, Stand, string, RegExp]>([
  [
    'tfjs-cpu',
    openCpu,
    { '@tensorflow/tfjs-backend-cpu': null },
    '@tensorflow/tfjs-backend-cpu',
    /^Install them: npm install @tensorflow\/tfjs-core @tensorflow\/tfjs-backend-cpu$/,
  ],
  ['tfjs-cpu', openCpu, { [core]: null }, core, /@tensorflow\/tfjs-core/],
  ['tfjs-webgpu', openWebgpu, { webgpu: null }, 'webgpu', /^Install them: npm install .*webgpu$/],
  [
    'tfjs-node',
    openNode,
    { '@tensorflow/tfjs-node': null },
    '@tensorflow/tfjs-node',
    /^Install them: npm install @tensorflow\/tfjs-core @tensorflow\/tfjs-node$/,
  ],
  [
    'tfjs-node-gpu',
    openNodeGpu,
    { '@tensorflow/tfjs-node-gpu': null },
    '@tensorflow/tfjs-node-gpu',
    /@tensorflow\/tfjs-node-gpu$/,
  ],
])('%s without its packages: says which to install', async ([engine, source, modules, missing, remedy]) => {
  expect(await printed(source, modules)).toEqual({
    _tag: 'BackendUnavailable',
    where: engine,
    problem: expect.stringMatching(
      new RegExp(`its packages are not installed \\(Cannot find package '${missing}'\\)$`),
    ),
    remedy: expect.stringMatching(remedy),
  })
})

test('without any of their packages everything else works', async () => {
  const source = `
    import { resolveBackend } from ${JSON.stringify(new URL('../../dist/index.js', import.meta.url).href)}
    const { right } = await resolveBackend('auto', { threads: 1 })()
    await right.backend.close()
    process.stdout.write(JSON.stringify({ name: right.name, hint: right.hint }))`
  const all = [
    core,
    'koffi',
    'webgpu',
    ...['backend-cpu', 'backend-webgpu', 'node', 'node-gpu'].map(name => `@tensorflow/tfjs-${name}`),
  ]
  expect(await printed(source, Object.fromEntries(all.map(name => [name, null])))).toEqual({
    name: 'wasm',
    hint: 'onednn would be faster, but the package koffi is not installed. Install it: npm install koffi',
  })
})

/** What the package does when it was installed without its install script. */
const withoutLibrary =
  "throw new Error('The Node.js native addon module (tfjs_binding.node) can not be found at path: /somewhere. \\nPlease run')"

test.for<readonly [string, string]>([
  ['tfjs-node', openNode],
  ['tfjs-node-gpu', openNodeGpu],
])('%s without its native library: says how to get it', async ([engine, source]) => {
  const opened = await printed(source, { [`@tensorflow/${engine}`]: withoutLibrary })
  expect(opened).toMatchObject({
    _tag: 'BackendUnavailable',
    where: engine,
    problem: expect.stringMatching(/cannot be loaded \(The Node.js native addon module .* at path: \/somewhere\)$/),
    remedy: expect.stringMatching(/install scripts.*npm install .*@tensorflow\/tfjs-node/),
  })
})

/** A package that registers a backend as tfjs-node does. */
const registering = (isGPUPackage: boolean, isUsingGpuDevice: boolean): Stand => ({
  [`@tensorflow/tfjs-node${isGPUPackage ? '-gpu' : ''}`]: `
    globalThis.registered = { isGPUPackage: ${isGPUPackage}, isUsingGpuDevice: ${isUsingGpuDevice} }`,
  [core]: 'export const engine = () => ({ findBackend: () => globalThis.registered })',
})

test('tfjs-node and tfjs-node-gpu with their native library', async () => {
  expect(await printed(openNode, registering(false, false))).toBe('tfjs-node')
  expect(await printed(openNodeGpu, registering(true, true))).toBe('tfjs-node-gpu')
})

test('tfjs-node-gpu without a CUDA GPU is refused: it would compute on the CPU', async () => {
  expect(await printed(openNodeGpu, registering(true, false))).toMatchObject({
    _tag: 'BackendUnavailable',
    problem: 'TensorFlow found no CUDA GPU',
  })
})

test.runIf(process.platform === 'linux')('no Vulkan driver, no adapter', async () => {
  const nowhere = { VK_DRIVER_FILES: '/nowhere', VK_ICD_FILENAMES: '/nowhere' }
  expect(await printed(openWebgpu, {}, nowhere)).toMatchObject({
    _tag: 'BackendUnavailable',
    where: 'tfjs-webgpu',
    problem: expect.stringContaining('found no adapter'),
    remedy: expect.stringContaining('driver'),
  })
})

test('a navigator.gpu that is there is used, with the navigator as it is', async () => {
  const source = `
    Object.defineProperty(globalThis, 'navigator', {
      value: { userAgent: 'mine', gpu: { requestAdapter: async options => (globalThis.asked = options, null) } },
      configurable: true,
    })
    import { openWebgpu } from ${JSON.stringify(dist('webgpu.js'))}
    const opened = await openWebgpu()
    process.stdout.write(JSON.stringify([opened.left.problem, asked, navigator.userAgent]))`
  expect(await printed(source, { webgpu: null })).toEqual([
    'WebGPU found no adapter',
    { powerPreference: 'high-performance' },
    'mine',
  ])
})

test('in Node, gpu is added to a navigator that is there', async () => {
  const source = `
    const mine = { userAgent: 'mine' }
    Object.defineProperty(globalThis, 'navigator', { get: () => mine, configurable: true })
    import { findGpu } from ${JSON.stringify(dist('gpu.js'))}
    const [one, two] = [await findGpu(), await findGpu()]
    process.stdout.write(JSON.stringify([navigator === mine, navigator.userAgent, one.right === mine.gpu, two.right === mine.gpu]))`
  const dawn = { webgpu: 'export const create = () => ({}); export const globals = {}' }
  expect(await printed(source, dawn)).toEqual([true, 'mine', true, true])
})

test('a device that is closed, or is left open, does not keep the process', async () => {
  const source = (close: string): string => `
    import { openWebgpu } from ${JSON.stringify(dist('webgpu.js'))}
    const opened = await openWebgpu()
    if (opened._tag === 'Right') {
      const { backend, run, close } = opened.right
      const x = backend.makeTensorInfo([2], 'float32', Float32Array.of(-1, 1))
      await backend.read(run('Relu', { x }).dataId)
      ${close}
    }
    process.stdout.write('"at its end"')`
  expect(await printed(source('await close()'))).toBe('at its end')
  expect(await printed(source(''))).toBe('at its end')
})
