/** Thrown where a model cannot be written in a format; the message says why, as what follows "the model". */
export class Refusal extends Error {
  override readonly name = 'Refusal'
}

export const refuse = (why: string): never => {
  throw new Refusal(why)
}

/** For operations that no known network uses, so that whoever adds one learns what the export lacks. */
export const refuseOperation = (operation: string): never => refuse(`has ${operation}, which cannot be exported yet`)
