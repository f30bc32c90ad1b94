import { storeOperation } from '../session/operation.ts'

/**
 * Keeps other schedulers of the store from running on this machine until the lock is released.
 * Throws EscError `locked`, which says who has it.
 */
export const claimScheduler = storeOperation({
  name: 'claim-scheduler',
  level: undefined,
  audit: 'environment-read',
  run: ({ store }, purpose: string): Promise<{ release(): void }> => store.background.lockScheduler(purpose),
})

/** The time when a scheduler last looked after the store on this machine; `undefined`: never. */
export const lastSchedulerLook = storeOperation({
  name: 'get-scheduler-look',
  level: undefined,
  audit: 'environment-read',
  run: async ({ store }) => store.background.schedulerLook(),
})

/** Notes that a scheduler has looked after the store on this machine just now. */
export const noteSchedulerLook = storeOperation({
  name: 'note-scheduler-look',
  level: undefined,
  audit: 'environment-read',
  run: async ({ store, host }) => store.background.recordSchedulerLook(host.now()),
})
