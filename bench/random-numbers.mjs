let state = 1
export const random = () => {
  state = (Math.imul(state, 1664525) + 1013904223) | 0
  return state / 2 ** 31
}
export const numbers = length => Float32Array.from({ length }, random)
