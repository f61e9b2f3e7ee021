// Writes docs/commands/: a page for every command, with its help text.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { cpnas } from '@cpnas/cli'

const folder = fileURLToPath(new URL('../docs/commands/', import.meta.url))
const { signal } = new AbortController()

const help = async (...words) => {
  let text = ''
  const out = part => {
    text += part
  }
  await cpnas([...words, '--help'], { out, err: out, terminal: undefined, signal })
  return text
}

const all = await help()
const names = [...all.slice(all.indexOf('Commands:')).matchAll(/^ {2}([a-z]+) /gm)]
  .map(([, name]) => name)
  .filter(name => name !== 'help')

const page = (title, text) => `# ${title}\n\n\`\`\`text\n${text.trimEnd()}\n\`\`\`\n`

/** A group's own help names its commands: their help follows. */
const ofGroup = async (name, text) => {
  const at = text.indexOf('\nCommands:')
  if (at < 0) return ''
  const inner = [...text.slice(at).matchAll(/^ {2}([a-z]+)(?: |$)/gm)]
    .map(([, word]) => word)
    .filter(word => word !== 'help')
  const pages = await Promise.all(
    inner.map(
      async word => `\n## cpnas ${name} ${word}\n\n\`\`\`text\n${(await help(name, word)).trimEnd()}\n\`\`\`\n`,
    ),
  )
  return pages.join('')
}

rmSync(folder, { recursive: true, force: true })
mkdirSync(folder)
for (const name of names) {
  const text = await help(name)
  writeFileSync(`${folder}${name}.md`, `${page(`cpnas ${name}`, text)}${await ofGroup(name, text)}`)
}
const links = names.map(name => `- [${name}](./${name}.md)`).join('\n')
writeFileSync(`${folder}index.md`, `${page('Commands', all)}\nEvery command with its options:\n\n${links}\n`)
