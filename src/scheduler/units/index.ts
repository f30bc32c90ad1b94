import { placeInRepository, type Session } from '../../operations/index.ts'
import { cronUnit } from './cron.ts'
import { githubActionsUnit } from './github-actions.ts'
import { kubernetesUnit } from './kubernetes.ts'
import { systemdUnit } from './systemd.ts'
import type { UnitContext } from './unit.ts'

const units = {
  systemd: systemdUnit,
  cron: cronUnit,
  'github-actions': githubActionsUnit,
  kubernetes: kubernetesUnit,
} as const

/** The kinds of services that can start a scheduler without a person. */
export type UnitKind = keyof typeof units

export const unitKinds = Object.keys(units) as UnitKind[]

/**
 * A file, or lines of one, that has `kind` run the scheduler of this store. Nothing is
 * installed. Holds no key.
 */
export async function schedulerUnit(
  { folder, stateFolder }: Session,
  kind: UnitKind,
  place: Pick<UnitContext, 'program' | 'image' | 'user'>,
): Promise<string> {
  const storeInRepository = await placeInRepository(folder)
  return units[kind]({ ...place, store: folder, state: stateFolder, storeInRepository })
}
