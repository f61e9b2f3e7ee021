import { shellWord } from '../report/amounts.js'

/** What continues a run after a stop. */
export const resumeCommand = (
  { name, defaultDirectory }: { readonly name: string; readonly defaultDirectory: string },
  directory: string,
): string => `cpnas ${name} --resume${directory === defaultDirectory ? '' : ` --out ${shellWord(directory)}`}`
