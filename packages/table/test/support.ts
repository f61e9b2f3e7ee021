import { tiny } from '@cpnas/supernet'
import { allCells, keyOf, type Table, type TabulatedTraining } from '@cpnas/table'

const training = (count: number, seed: number): TabulatedTraining => ({
  seed,
  validation: [count / 200, count / 100],
  test: count / 50,
  loss: 1.25,
  lossValidation: 1.5,
})

/** A table of the first cells, in which an accuracy is a number of convolutions. */
export const tableOf = (cells: number): Table => ({
  space: tiny,
  dataset: 'cifar10',
  digest: 'abc',
  images: { training: 400, validation: 200, test: 50 },
  training: { epochs: 2, channels: 8 },
  engine: 'wasm',
  processor: 'one',
  entries: new Map(
    allCells()
      .slice(0, cells)
      .map(cell => {
        const convolutions = cell.filter(operation => operation === 'conv_3x3').length
        return [
          keyOf(cell),
          {
            cell,
            child: [training(convolutions, 0), training(convolutions + 1, 1)],
            parent: [training(5 - convolutions, 0)],
            ...{ binaryMacs: 1000 * convolutions, floatMacs: 500, bits: 10, bytes: 900, milliseconds: 0.25 },
          },
        ]
      }),
  ),
})
