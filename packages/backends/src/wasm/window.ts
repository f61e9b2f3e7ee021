import { type Geometry, geometryFields } from '../geometry.js'
import type { Activation, Gradient, Prologue } from '../kernels.js'
import { addressOf, type Engine, writeWords } from './engine.js'
import type { WasmTensor } from './tensor.js'
import { operandFields, type WindowOperands } from './window-record.js'

export const activationNumber: Readonly<Record<Activation, number>> = {
  identity: 0,
  relu: 1,
  sign: 2,
  'sign-polynomial': 3,
}

/** Operands and results of a window kernel: addresses, 0 where absent. */
export interface Operands {
  readonly x?: WasmTensor
  readonly w?: number
  readonly y?: WasmTensor
  readonly moments?: number
  readonly dy?: Gradient<WasmTensor>
  readonly dx?: WasmTensor | undefined
  readonly into?: WasmTensor | undefined
  readonly sums?: number
  readonly mean?: WasmTensor | undefined
  readonly dw?: number
  readonly groups?: number
}

export const writeWindow = (
  engine: Engine,
  g: Geometry,
  { activation, affine }: Prologue<WasmTensor>,
  o: Operands,
): void => {
  const through = o.dy?.affine
  const operands: WindowOperands = {
    activation: activationNumber[activation],
    scale: addressOf(affine?.scale),
    shift: addressOf(affine?.shift),
    x: addressOf(o.x),
    w: o.w ?? 0,
    y: addressOf(o.y),
    moments: o.moments ?? 0,
    dy: addressOf(o.dy?.dy),
    dyScale: addressOf(through?.scale),
    dyX: addressOf(through?.x),
    dySlope: addressOf(through?.slope),
    dyShift: addressOf(through?.offset),
    dx: addressOf(o.dx),
    into: addressOf(o.into),
    sums: o.sums ?? 0,
    mean: addressOf(o.mean),
    dw: o.dw ?? 0,
    groups: o.groups ?? 1,
  }
  writeWords(engine, [...geometryFields.map(field => g[field]), ...operandFields.map(field => operands[field])])
}
