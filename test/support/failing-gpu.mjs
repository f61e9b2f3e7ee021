// Loaded before the program: the GPU device is lost once FAILING_GPU_HISTORY, a history.jsonl, tells of FAILING_GPU_SAMPLES samples.
import { readFileSync } from 'node:fs'

const samples = () => {
  try {
    return readFileSync(process.env.FAILING_GPU_HISTORY, 'utf8').split('{"type":"sample"').length - 1
  } catch {
    return 0
  }
}

// The classes of WebGPU come with the engine.
const waiting = setInterval(() => {
  const { GPUDevice } = globalThis
  if (!GPUDevice) return
  clearInterval(waiting)
  const { createCommandEncoder } = GPUDevice.prototype
  GPUDevice.prototype.createCommandEncoder = function (...descriptor) {
    if (samples() >= Number(process.env.FAILING_GPU_SAMPLES)) this.destroy()
    return createCommandEncoder.apply(this, descriptor)
  }
}, 1)
waiting.unref()
