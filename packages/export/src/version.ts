import { versionOf } from '@cpnas/core/version'

export const version = versionOf(import.meta.url)
