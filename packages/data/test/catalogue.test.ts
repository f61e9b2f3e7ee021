import { catalogue, datasetNames } from '@cpnas/data'
import { expect, it } from 'vitest'

it.each(datasetNames)('%s has as many statistics as channels and distinct class names', name => {
  const { channels, classNames, statistics } = catalogue[name]
  expect(statistics.mean).toHaveLength(channels)
  expect(statistics.std).toHaveLength(channels)
  expect(new Set(classNames).size).toBe({ cifar100: 100, 'image-folder': 0 }[name as string] ?? 10)
})

it("CIFAR-100's fine labels are in alphabetical order", () => {
  expect([...catalogue.cifar100.classNames].sort()).toEqual(catalogue.cifar100.classNames)
})
