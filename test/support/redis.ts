import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createConnection, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'

/** The server that is installed, if one is. */
export const redisProgram = ['redis-server', 'valkey-server'].find(
  program => spawnSync(program, ['--version']).error === undefined,
)

/** A port of the loopback interface that nobody uses now. */
export const freePort = (): Promise<number> =>
  new Promise(resolve => {
    const server = createServer()
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { readonly port: number }
      server.close(() => resolve(port))
    })
  })

/** A Redis of its own for a test, on the loopback interface. */
export interface TestRedis {
  readonly port: number
  readonly url: string
  readonly process: () => ChildProcess
  /** Ends it as a power cut does, and starts it again with what is on its disk. */
  readonly restart: () => Promise<void>
  readonly stop: () => Promise<void>
}

const answers = (port: number): Promise<boolean> =>
  new Promise(resolve => {
    const socket = createConnection(port, '127.0.0.1')
    socket.on('connect', () => socket.write('PING\r\n'))
    socket.on('data', data => {
      socket.destroy()
      // PONG, or a demand for a password: but not "loading".
      resolve(/PONG|NOAUTH/.test(data.toString()))
    })
    socket.on('error', () => resolve(false))
  })

export const startRedis = async (...options: readonly string[]): Promise<TestRedis> => {
  const port = await freePort()
  const directory = mkdtempSync(join(tmpdir(), 'cpnas-redis-'))
  const start = async (): Promise<ChildProcess> => {
    const server = spawn(
      redisProgram!,
      [
        ...['--port', String(port), '--bind', '127.0.0.1', '--dir', directory],
        ...['--save', '', '--appendonly', 'yes', '--appendfsync', 'always', ...options],
      ],
      { stdio: 'ignore' },
    )
    while (!(await answers(port))) await setTimeout(20)
    return server
  }
  const end = (server: ChildProcess): Promise<void> =>
    new Promise(resolve => {
      server.on('exit', () => resolve())
      server.kill('SIGKILL')
    })
  let server = await start()
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    process: () => server,
    restart: async () => {
      await end(server)
      server = await start()
    },
    stop: async () => {
      await end(server)
      rmSync(directory, { recursive: true, force: true })
    },
  }
}
