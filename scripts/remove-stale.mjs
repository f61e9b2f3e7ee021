// Removes from ./dist what was compiled from sources that are no more, so that it is not packed: the compiler leaves it there.
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'

for (const file of readdirSync('dist', { recursive: true, encoding: 'utf8' })) {
  if (!file.endsWith('.map')) continue
  const map = join('dist', file)
  const { sources } = JSON.parse(readFileSync(map, 'utf8'))
  if (sources.every(source => existsSync(join(dirname(map), source)))) continue
  rmSync(map)
  rmSync(map.slice(0, -'.map'.length), { force: true })
}
