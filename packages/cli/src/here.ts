import { type FoundRun, type RunName, runsIn } from '@cpnas/experiments'
import type { Io } from './io.js'
import { shellWord } from './report/amounts.js'
import { layOut } from './report/layout.js'
import { resumeCommand } from './runs/resume-command.js'
import { ablationRuns, creationRuns, searchRuns, trainingRuns } from './runs/run-commands.js'
import { version } from './version.js'

const words: Readonly<Record<RunName, string>> = {
  search: 'a search',
  training: 'a training',
  ablation: 'an ablation',
  creation: 'a creation',
}
const commands = { search: searchRuns, training: trainingRuns, ablation: ablationRuns, creation: creationRuns } as const

/** What one does with a finished run. */
const next: Readonly<Record<RunName, (directory: string) => string>> = {
  search: directory => `cpnas train --genotype ${directory}`,
  training: directory => `cpnas export ${directory}`,
  ablation: directory => `open ${directory}/ablation.svg`,
  creation: directory => `open ${directory}/index.html`,
}

const runLine = ({ directory, kind, finished }: FoundRun): string => {
  const then = finished ? next[kind](shellWord(directory)) : resumeCommand(commands[kind], directory)
  return `  ${directory}: ${words[kind]}, ${finished ? 'finished' : 'unfinished'}. Next: ${then}`
}

/** What `cpnas` alone says: which runs are in this directory, and what can be done. */
export const describeHere = async (io: Io): Promise<void> => {
  const runs = await runsIn('.')()
  io.out(
    layOut(
      [
        `cpnas ${version}: 1-bit networks that recognize pictures: searched, trained, packed`,
        ...(runs.length === 0 ? ['No runs in this directory.'] : ['Runs in this directory:', ...runs.map(runLine)]),
        'To begin:',
        '  cpnas create PICTURES: a network and a page of your own pictures',
        '  cpnas search: cells of a 1-bit network, on images that come with it',
        '  cpnas predict zoo:cifar10-small PICTURE: what a network that comes with it takes a picture for',
        '  cpnas --help: all commands',
      ],
      io,
    ),
  )
}
