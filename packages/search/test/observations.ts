import type { Observation, Proposal } from '@cpnas/search'

/** What might come of a proposal: a Child of that accuracy. */
export const observationOf = (proposal: Proposal, accuracy: number): Observation => ({
  proposal,
  losses: { child: 1, parent: 1 },
  ...(proposal.type === 'sample' && {
    evaluations: { child: { accuracy, loss: 1 }, parent: { accuracy: 0.5, loss: 1 } },
  }),
})
