import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** Most memory a process has held, in MiB, where the system tells (Linux). */
const peakOf = pid => {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024
  } catch {
    return Number.NaN
  }
}

/** Runs a program to its end; its last line as JSON, with its peak memory. */
export const runProgram = (program, args) =>
  new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    let output = ''
    let peak = 0
    const poll = setInterval(() => {
      peak = Math.max(peak, peakOf(child.pid) || 0)
    }, 20)
    child.stdout.on('data', chunk => {
      output += chunk
    })
    child.on('error', reject)
    child.on('close', (code, signal) => {
      clearInterval(poll)
      if (code !== 0) reject(new Error(`${program} ${args.join(' ')} ended with ${code ?? signal}`))
      else resolve({ ...JSON.parse(output.trim().split('\n').at(-1)), peak })
    })
  })
