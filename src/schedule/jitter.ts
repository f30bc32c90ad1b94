import { createHash } from 'node:crypto'

/**
 * Returns by how much later than its schedule says an environment is rotated, so that not all of
 * them are at the same second: from 0 to below `widthMs`, evenly spread, and for one environment
 * always the same.
 */
export function jitterMs(environmentId: string, widthMs: number): number {
  const fraction = createHash('sha256').update(environmentId).digest().readUInt32BE(0) / 2 ** 32
  return Math.floor(fraction * widthMs)
}
