// Softmax cross-entropy: few rows, so in float64 throughout.

@inline
function at(p: usize, i: i32): f64 { return <f64>load<f32>(p + (<usize>i << 2)) }

function largest(row: usize, classes: i32): f64 {
  let m = at(row, 0)
  for (let i = 1; i < classes; i++) {
    const v = at(row, i)
    if (v > m || v != v) m = v
  }
  return m
}

function sumOfExponentials(row: usize, classes: i32, m: f64): f64 {
  let s: f64 = 0
  for (let i = 0; i < classes; i++) s += Math.exp(at(row, i) - m)
  return s
}

export function softmaxCrossEntropy(logits: usize, labels: usize, rows: i32, classes: i32): f32 {
  let total: f64 = 0
  for (let r = 0; r < rows; r++) {
    const row = logits + (<usize>(r * classes) << 2)
    const m = largest(row, classes)
    total += m + Math.log(sumOfExponentials(row, classes, m)) - at(row, <i32>at(labels, r))
  }
  return <f32>(total / <f64>rows)
}

export function softmaxCrossEntropyGrad(dy: usize, logits: usize, labels: usize, rows: i32, classes: i32, out: usize): void {
  const scale = at(dy, 0) / <f64>rows
  for (let r = 0; r < rows; r++) {
    const row = logits + (<usize>(r * classes) << 2)
    const m = largest(row, classes)
    const s = sumOfExponentials(row, classes, m)
    const label = <i32>at(labels, r)
    for (let i = 0; i < classes; i++) {
      const p = Math.exp(at(row, i) - m) / s
      store<f32>(out, <f32>((p - (i == label ? 1 : 0)) * scale))
      out += 4
    }
  }
}
