import { EscError } from '../../errors.ts'
import type { RotatorContext } from '../rotator.ts'
import { requireAuthorities, requirePath, requireTlsMaterial } from './material.ts'
import type { Tls } from './schema.ts'

/** The same with `ca` in the place of `caFile`. @throws EscError for what cannot be used. */
export async function usableTls(
  tls: Tls,
  where: { readonly rotator: string; readonly place: string },
  { now, readCaFile }: Pick<RotatorContext, 'now' | 'readCaFile'>,
): Promise<Tls> {
  const place = { ...where, now: now() }
  requireTlsMaterial(tls, place)
  const { caFile, ...others } = tls
  if (caFile === undefined) return tls
  const refuse = (problem: string, hint: string) =>
    new EscError('invalid_input', `${where.rotator}: \`${where.place}.caFile\` ${problem}`, { hint })
  if (tls.ca !== undefined) throw refuse('stands beside `ca`', 'keep one of the two')
  if (tls.mode === 'disable') throw refuse('has no use, since `mode` is disable', 'remove one of the two')
  requirePath(caFile, place)
  if (readCaFile === undefined) throw refuse('cannot be read here', 'write the certificates as `ca`')
  const ca = await readCaFile(caFile)
  requireAuthorities(ca, 'caFile', place)
  return { ...others, ca }
}

/** @throws EscError `invalid_input` for `mode: disable` where the address is an https:// one. */
export function requireEncryption(
  tls: Tls | undefined,
  { rotator, place }: { readonly rotator: string; readonly place: string },
): void {
  if (tls?.mode !== 'disable') return
  throw new EscError('invalid_input', `${rotator}: \`${place}.mode\` is disable, but \`url\` is an https:// address`, {
    hint: 'remove `mode`',
  })
}
