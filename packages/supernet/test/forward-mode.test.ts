import { referenceBackend, ShapeError } from '@cpnas/backends'
import {
  cpNas,
  type ForwardMode,
  type Genotype,
  type NetworkKind,
  type NetworkSpec,
  network,
  normalizationShapes,
} from '@cpnas/supernet'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { distance, genotype, imagesOf, kind, mixed, parametersOf, tinySpec, uniform } from './support.js'

const { edges } = cpNas

const backend = referenceBackend()
type Tensor = ReturnType<typeof backend.tensor>

const cases = { numRuns: 15 }
const small: NetworkSpec = { cells: 3, channels: 2, inChannels: 1, classes: 3 }

const observing = (s: NetworkSpec, g: Genotype, k: NetworkKind, mode: ForwardMode<Tensor> = {}) => {
  const seen: (readonly [string, { readonly mean: Tensor; readonly variance: Tensor }])[] = []
  const parameters = parametersOf(backend, s, g, k)
  const images = imagesOf(backend, s)
  const forward = (m: ForwardMode<Tensor>) => network(s, g, k)(backend, parameters, images, m)
  const output = forward({ auxiliary: s.auxiliary, ...mode, observe: (name, moments) => seen.push([name, moments]) })
  const statistics = Object.fromEntries(
    seen.flatMap(([name, { mean, variance }]) => [
      [`${name}.mean`, mean],
      [`${name}.variance`, variance],
    ]),
  )
  return { seen, output, statistics, forward }
}

const ones = () => backend.full(1, [3, 1, 1, 1])

test('every normalization tells its statistics once, in the order of normalizationShapes', () => {
  fc.assert(
    fc.property(tinySpec, genotype, kind, fc.boolean(), (s, g, k, masked) => {
      backend.scope(() => {
        const { seen } = observing(s, g, k, masked ? { dropPath: ones } : {})
        const shapes = normalizationShapes(s, g, k, { auxiliary: s.auxiliary! })
        expect(seen.map(([name]) => name)).toEqual(Object.keys(shapes))
        for (const [name, { mean, variance }] of seen)
          expect([backend.shape(mean), backend.shape(variance)]).toEqual([shapes[name], shapes[name]])
      })
    }),
    cases,
  )
})

test('the names of normalizations', () => {
  const cell: readonly string[] = edges.map(({ from, to }) =>
    to > 2 ? 'none' : from === 0 ? 'sep_conv_3x3' : 'max_pool_3x3',
  )
  const g = { normal: cell, reduce: cell.map(o => (o === 'none' ? o : 'skip_connect')) }
  const names = (s: NetworkSpec, k: NetworkKind, auxiliary?: boolean) =>
    Object.keys(normalizationShapes(s, g, k, auxiliary === undefined ? {} : { auxiliary }))
  const rest = [1, 2].flatMap(i =>
    ['inputs.0', 'inputs.1', 'edges.0.skip_connect', 'edges.1.skip_connect'].map(name => `cells.${i}.${name}`),
  )
  const inputs = ['cells.0.inputs.0', 'cells.0.inputs.1']
  const pool = 'cells.0.edges.1.max_pool_3x3'
  const sep = 'cells.0.edges.0.sep_conv_3x3'
  expect(names(small, 'parent')).toEqual(['stem', ...inputs, sep, pool, ...rest])
  expect(names(small, 'child', true)).toEqual([
    'stem',
    ...inputs,
    `${sep}.depthwise`,
    sep,
    pool,
    ...rest,
    'auxiliary.0',
    'auxiliary.1',
  ])
  expect(names({ ...small, sepConvRepeat: 2, stem: 'imagenet', auxiliary: true }, 'child')).toEqual([
    ...['stem.0', 'stem.1', 'stem.2'],
    ...inputs,
    ...[`${sep}.depthwise`, `${sep}.pointwise`, `${sep}.depthwise2`, sep],
    pool,
    ...rest,
  ])
})

test('what is observed belongs to the scope of the caller', () => {
  const s: NetworkSpec = { ...small, auxiliary: true }
  const parameters = parametersOf(backend, s, mixed, 'child')
  const images = imagesOf(backend, s)
  const { tensors } = backend.memory()
  const kept = backend.scope(() => {
    const seen: unknown[] = []
    const output = network(s, mixed, 'child')(backend, parameters, images, {
      auxiliary: true,
      observe: (_, moments) => seen.push(moments),
    })
    return { output, seen }
  })
  const normalizations = Object.keys(normalizationShapes(s, mixed, 'child', { auxiliary: true })).length
  expect(backend.memory().tensors - tensors).toBe(3 + 2 * normalizations)
  backend.dispose(kept)
  expect(backend.memory().tensors).toBe(tensors)
})

test('with the statistics of the batch an evaluation gives what the training gave, and tells nothing', async () => {
  await fc.assert(
    fc.asyncProperty(tinySpec, genotype, kind, async (s, g, k) => {
      const { statistics, output, forward } = observing(s, g, k)
      const observe = () => {
        throw new Error('told')
      }
      const fixed = forward({ statistics, observe, auxiliary: s.auxiliary })
      for (const part of ['features', 'logits'] as const)
        expect(await distance(backend, fixed[part], output[part])).toBeLessThan(1e-9)
      if (s.auxiliary) expect(await distance(backend, fixed.auxiliary!, output.auxiliary!)).toBeLessThan(1e-9)
    }),
    cases,
  )
})

test('an image is evaluated alone as it is in a batch', async () => {
  const { statistics } = observing(small, mixed, 'child')
  const parameters = parametersOf(backend, small, mixed, 'child')
  const images = imagesOf(backend, small)
  const { logits } = network(small, mixed, 'child')(backend, parameters, images, { statistics })
  const alone = backend.slice(images, [1, 0, 0, 0], [1, 6, 5, 1])
  const one = network(small, mixed, 'child')(backend, parameters, alone, { statistics })
  expect(await distance(backend, one.logits, backend.slice(logits, [1, 0], [1, 3]))).toBeLessThan(1e-12)
})

test('a missing statistic is named', () => {
  const { statistics, forward } = observing(small, mixed, 'child')
  const { 'cells.1.inputs.0.variance': _, ...rest } = statistics
  expect(() => forward({ statistics: rest })).toThrow(
    new ShapeError('network: the statistic cells.1.inputs.0.variance is missing'),
  )
})

test('masks of 1 change nothing', async () => {
  // Not the Child: in a sum of another order the sign of what would be 0 is a matter of the last bit.
  await fc.assert(
    fc.asyncProperty(tinySpec, genotype, async (s, g) => {
      const { output, forward } = observing(s, g, 'parent')
      expect(await distance(backend, forward({ dropPath: ones }).logits, output.logits)).toBeLessThan(1e-8)
    }),
    cases,
  )
})

test('edges with masks of 0 are edges of none', async () => {
  const dropped = fc.array(fc.boolean(), { minLength: edges.length, maxLength: edges.length })
  await fc.assert(
    fc.asyncProperty(tinySpec, genotype, kind, dropped, async (s, g, k, drop) => {
      const falls = (operation: string, i: number, reduces: boolean) =>
        drop[i]! && (operation !== 'skip_connect' || (reduces && edges[i]!.from < 2))
      const without: Genotype = {
        normal: g.normal.map((o, i) => (falls(o, i, false) ? 'none' : o)),
        reduce: g.reduce.map((o, i) => (falls(o, i, true) ? 'none' : o)),
      }
      const parameters = parametersOf(backend, s, g, k)
      const images = imagesOf(backend, s)
      const dropPath = (name: string) => (drop[Number(name.split('.')[3])] ? backend.full(0, [3, 1, 1, 1]) : undefined)
      const masked = network(s, g, k)(backend, parameters, images, { dropPath })
      const { logits } = network(s, without, k)(backend, parameters, images)
      expect(await distance(backend, masked.logits, logits)).toBeLessThan(1e-9)
    }),
    cases,
  )
})

test('a mask multiplies the normalized output of its edge, image by image', async () => {
  const nothing = uniform('none', 'none')
  const s: NetworkSpec = { ...small, cells: 1, affine: true }
  for (const operation of ['sep_conv_3x3', 'avg_pool_3x3', 'skip_connect'] as const) {
    const g: Genotype = { ...nothing, reduce: nothing.reduce.map((none, i) => (i === 10 ? operation : none)) }
    const parameters = parametersOf(backend, s, g, 'child')
    const images = imagesOf(backend, s)
    const names: string[] = []
    const mask = backend.tensor([0, 2, 1], [3, 1, 1, 1])
    const { features } = network(s, g, 'child')(backend, parameters, images)
    const masked = network(s, g, 'child')(backend, parameters, images, {
      dropPath: name => {
        names.push(name)
        return mask
      },
    })
    expect(names).toEqual([`cells.0.edges.10.${operation}`])
    expect(await distance(backend, masked.features, backend.mul(features, mask))).toBeLessThan(1e-12)
  }
})

test('masks are asked for once an edge, in order, but not for identities and none', () => {
  fc.assert(
    fc.property(tinySpec, genotype, kind, (s, g, k) => {
      const asked: string[] = []
      backend.scope(() => {
        network(s, g, k)(backend, parametersOf(backend, s, g, k), imagesOf(backend, s), {
          dropPath: name => {
            asked.push(name)
            return undefined
          },
        })
      })
      const reductions = [Math.floor(s.cells / 3), Math.floor((2 * s.cells) / 3)]
      const expected = Array.from({ length: s.cells }, (_, cell) => {
        const reduces = reductions.includes(cell)
        return g[reduces ? 'reduce' : 'normal'].flatMap((operation, i) =>
          operation === 'none' || (operation === 'skip_connect' && !(reduces && edges[i]!.from < 2))
            ? []
            : [`cells.${cell}.edges.${i}.${operation}`],
        )
      }).flat()
      expect(asked).toEqual(expected)
    }),
    cases,
  )
})

test('gamma 1 and beta 0 are as no gamma and beta; others are not', async () => {
  await fc.assert(
    fc.asyncProperty(tinySpec, genotype, kind, async (s, g, k) => {
      const plain = { ...s, affine: false }
      const affine = { ...s, affine: true }
      const values = parametersOf(backend, plain, g, k)
      const all = parametersOf(backend, affine, g, k)
      const neutral = Object.fromEntries(
        Object.entries(all).map(([name, x]) => {
          const value = name.endsWith('.gamma') ? 1 : 0
          return [name, values[name] ?? backend.full(value, backend.shape(x))]
        }),
      )
      const images = imagesOf(backend, s)
      const { logits } = network(plain, g, k)(backend, values, images)
      const same = network(affine, g, k)(backend, neutral, images)
      expect(await distance(backend, same.logits, logits)).toBeLessThan(1e-9)
    }),
    cases,
  )
  // The sign of the Child often sees nothing of another scale.
  const affine = { ...small, affine: true }
  for (const [k, moved] of [
    ['parent', /\.(gamma|beta)$/],
    ['child', /\.beta$/],
  ] as const) {
    const all = parametersOf(backend, affine, mixed, k)
    const images = imagesOf(backend, small)
    const { logits } = network(affine, mixed, k)(backend, all, images)
    for (const name of Object.keys(all).filter(n => moved.test(n))) {
      const changed = network(affine, mixed, k)(backend, { ...all, [name]: backend.add(all[name]!, 0.7) }, images)
      expect(await distance(backend, changed.logits, logits), `${k} ${name}`).toBeGreaterThan(0)
    }
  }
})

test('every intermediate node is told by its name, and the output of a cell has them side by side', async () => {
  const seen: (readonly [string, Tensor])[] = []
  const genotype = uniform('none', 'max_pool_3x3')
  const parameters = parametersOf(backend, small, genotype, 'child')
  const { features } = network(small, genotype, 'child')(backend, parameters, imagesOf(backend, small), {
    node: (name, value) => {
      if (name.startsWith('cells.2.')) seen.push([name, backend.add(value, 0)])
    },
  })
  expect(seen.map(([name]) => name)).toEqual([0, 1, 2, 3].map(node => `cells.2.nodes.${node}`))
  const values = seen.map(([, value]) => value)
  expect(values.map(value => backend.shape(value))).toEqual(Array(4).fill([3, 2, 2, 8]))
  expect(backend.shape(features)).toEqual([3, 2, 2, 32])
})
