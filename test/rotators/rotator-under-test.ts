import type { Subject } from '../crash-matrix/subject.ts'
import type { Rotations } from './bad.ts'

/** One rotator as the suites that try all of them see it. */
export interface RotatorUnderTest {
  /** What the vendor is here. */
  readonly vendor: string
  /** Names of programs that are not installed. */
  readonly missing?: () => readonly string[]
  /** Sets a vendor up, whose rotations are killed (crash matrix) and used (two secrets). */
  readonly start: () => Promise<Subject>
  /** What may be wrong with its inputs, and what must be said about it. */
  readonly badInputs: Rotations
}
