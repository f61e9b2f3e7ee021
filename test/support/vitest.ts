/** How the tests of a package run: its files share what they import, for no module keeps state; nothing has a time limit. */
export const packageTests = { testTimeout: 0, isolate: false } as const
