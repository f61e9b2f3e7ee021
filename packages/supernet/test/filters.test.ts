import { referenceBackend } from '@cpnas/backends'
import { reconstruct } from '@cpnas/binarize'
import { type Genotype, latentNames, type NetworkSpec, network } from '@cpnas/supernet'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { distance, genotype, imagesOf, parametersOf, tinySpec, uniform } from './support.js'

const backend = referenceBackend()
type Tensor = ReturnType<typeof backend.tensor>

test('filters as they are: reconstructed ones give what the latent ones give', async () => {
  await fc.assert(
    fc.asyncProperty(tinySpec, genotype, fc.constantFrom('channel', 'layer'), async (size, g, scale) => {
      const s = { ...size, scale }
      const latent = parametersOf(backend, s, g, 'child')
      const images = imagesOf(backend, s)
      const binary = latentNames(s, g).map(name => [name, reconstruct(backend, latent[name]!, s)])
      const given = network(s, g, 'child', { filters: 'given' })(
        backend,
        { ...latent, ...Object.fromEntries(binary) },
        images,
      )
      const { logits } = network(s, g, 'child')(backend, latent, images)
      expect(await distance(backend, given.logits, logits)).toBe(0)
    }),
    { numRuns: 15 },
  )
})

test('filters as they are: float ones stay float, and the activations 1-bit', async () => {
  // One pixel, one image more of each sign: a 1x1 convolution of the signs, here of the factorized reduction.
  const nothing = uniform('none', 'none')
  const g: Genotype = { ...nothing, reduce: nothing.reduce.map((none, i) => (i === 0 ? 'skip_connect' : none)) }
  const s: NetworkSpec = { cells: 1, channels: 1, inChannels: 1, classes: 2 }
  const parameters = parametersOf(backend, s, g, 'child')
  const images = imagesOf(backend, s, 1, 1)
  const name = 'cells.0.edges.0.skip_connect.even'
  const seen = async (filters: 'latent' | 'given') => {
    const moments = new Map<string, Tensor>()
    network(s, g, 'child', { filters })(
      backend,
      { ...parameters, [name]: backend.tensor([3, -1], [1, 1, 2, 1]) },
      images,
      {
        observe: (normalization, { variance }) => moments.set(normalization, variance),
      },
    )
    return (await backend.read(moments.get('cells.0.edges.0.skip_connect')!))[0]!
  }
  // Sums of +-3 -+ 1, and of +-2 -+ 2: means over three images, so the variance times 9 is an integer of their kind.
  const variances = (a: number, b: number) => {
    const values = [1, -1].flatMap(x => [1, -1].map(y => a * x + b * y))
    return values.flatMap(x =>
      values.flatMap(y =>
        values.map(z => {
          const mean = (x + y + z) / 3
          return ((x - mean) ** 2 + (y - mean) ** 2 + (z - mean) ** 2) / 3
        }),
      ),
    )
  }
  const nearest = (value: number, among: readonly number[]) => Math.min(...among.map(v => Math.abs(v - value)))
  expect(nearest(await seen('given'), variances(3, -1))).toBeLessThan(1e-12)
  expect(nearest(await seen('latent'), variances(2, -2))).toBeLessThan(1e-12)
  expect(await seen('given')).not.toBeCloseTo(await seen('latent'), 6)
})
