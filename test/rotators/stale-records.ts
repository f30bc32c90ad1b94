import type { Plan } from '../../src/rotators/index.ts'
import { neverCurrentAgain, neverCurrentBesideOthers, type StaleOptions } from '../../src/testkit/stale-records.ts'
import { Gate, type Scenario, type Subject } from './contract.ts'

/** Registers what every rotator must do with records that are out of date. */
export function itKeepsTheState<Inputs, State extends object, Pending extends object, P extends Plan>(
  what: string,
  subject: Subject<Inputs, State, Pending, P>,
  options: StaleOptions = {},
): void {
  it(`${what}: keeps the state when a record is restored after its rotation was saved, or after later rotations`, async () => {
    const gate = new Gate()
    const scenario = await subject(() => gate)
    try {
      await neverCurrentAgain(scenario as unknown as Scenario<unknown, object, object, Plan>, options)
    } finally {
      await scenario.close()
    }
  })

  it(`${what}: makes no credential current that was cut off while another clone rotated, and leaves none behind`, async () => {
    await neverCurrentBesideOthers(subject, (rotator) => rotator, options)
  })
}
