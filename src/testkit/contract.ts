import { inspect } from 'node:util'
import { violationsOf } from '../evaluate/index.ts'
import type { Plain } from '../plain.ts'
import { guardRotator, rotatorFault, withSecretsOf } from '../plugins/index.ts'
import type { Plan, Rotator } from '../rotators/index.ts'
import { Secret } from '../secret.ts'
import { rotateOnce } from './rotation-run.ts'
import { neverCurrentAgain, neverCurrentBesideOthers } from './stale-records.ts'
import { Gate, type Scenario, type Subject, sweep } from './sweep.ts'
import { type TestContext, testContext } from './test-context.ts'

/**
 * One thing that every rotator must do. `run` rejects, and says what was wrong, when it does not.
 */
export interface ContractCase {
  readonly title: string
  run(): Promise<void>
}

export interface ContractOptions {
  /**
   * Registers a test, as `it` of mocha, vitest or `node:test` does. Default: nothing is registered;
   * run the cases that are returned.
   */
  readonly it?: (title: string, run: () => Promise<void>) => unknown
  /**
   * Kill the run that resumes too, at each of its messages: the square of the time. Default false.
   */
  readonly twice?: boolean
}

/**
 * The contract of rotators as tests (`docs/writing-a-rotator.md`). `subject` sets the
 * vendor up afresh for each run, and lets every message pass the gate it is given, before
 * and after the vendor acts on it.
 */
export function contract<Inputs, State extends object, Pending extends object, RotationPlan extends Plan>(
  subject: Subject<Inputs, State, Pending, RotationPlan>,
  options: ContractOptions = {},
): readonly ContractCase[] {
  const cases: readonly ContractCase[] = [
    {
      title: 'has every method and schema of the contract',
      run: () =>
        withScenario(subject, async ({ rotator }) => {
          const fault = rotatorFault(rotator)
          if (fault !== undefined) throw new Error(`the rotator ${fault}`)
        }),
    },
    {
      title: 'plans without changing anything',
      run: () =>
        withScenario(subject, async (scenario) => {
          const { rotator, inputs, state, checkAgreement } = guarded(scenario)
          const plan = await rotator.plan({ inputs, state }, testContext())
          if (plan.steps.length === 0) throw new Error('the plan has no steps: it would show nothing')
          await checkAgreement(state, 'undone')
        }),
    },
    {
      title: 'rotates to a state of its own type that can be opened, and rotates from the state that was saved',
      run: () => withScenario(subject, (scenario) => rotatesTwice(guarded(scenario))),
    },
    {
      title: 'shows no secret in its plan, its messages or its warnings',
      run: () => withScenario(subject, (scenario) => showsNoSecret(guarded(scenario))),
    },
    {
      title: 'changes nothing when it checks the credentials',
      run: () => withScenario(subject, (scenario) => checksOnly(guarded(scenario))),
    },
    {
      title: 'keeps the state when a record is restored after its rotation was saved, or after later rotations',
      run: () => withScenario(subject, (scenario) => neverCurrentAgain(guarded(scenario))),
    },
    {
      title: 'makes no credential current that was cut off while another clone rotated, and leaves none behind',
      run: () => neverCurrentBesideOthers(subject, guardAny),
    },
    {
      title: 'loses nothing, killed at any record or message and resumed',
      run: async () => {
        await sweep(subject, { twice: options.twice ?? false, retire: true, wrap: guardAny })
      },
    },
  ]
  for (const { title, run } of cases) options.it?.(title, run)
  return cases
}

type AnyScenario = Scenario<unknown, object, object, Plan>

async function withScenario<Inputs, State extends object, Pending extends object, RotationPlan extends Plan>(
  subject: Subject<Inputs, State, Pending, RotationPlan>,
  run: (scenario: AnyScenario) => Promise<void>,
): Promise<void> {
  const gate = new Gate()
  const scenario = await subject(() => gate)
  try {
    await run(scenario as unknown as AnyScenario)
  } finally {
    await scenario.close()
  }
}

/** The rotator as `esc` runs that of a plugin. */
function guardAny<R>(rotator: R): R {
  return guardRotator(rotator as Rotator, 'the plugin') as R
}

function guarded(scenario: AnyScenario): AnyScenario {
  return {
    ...scenario,
    rotator: guardAny(scenario.rotator),
    checkCurrent: (state) => scenario.checkCurrent(state),
    checkAgreement: (state, last) => scenario.checkAgreement(state, last),
    close: () => scenario.close(),
  }
}

async function rotatesTwice({ rotator, inputs, state, checkCurrent, checkAgreement, rotatesAgain }: AnyScenario) {
  rotator.open(undefined, inputs as object)
  let former = state
  for (let round = 1; round <= (rotatesAgain === false ? 1 : 2); round++) {
    const after = await rotateOnce({ rotator, inputs, state: former, context: testContext() })
    refuseViolations(after, rotator.state, 'state')
    // As the next run reads it from the environment.
    const saved = withSecretsOf(rotator.state, after as Plain) as object
    if (former !== undefined) await rotator.retire?.(former, { inputs, state: saved }, testContext())
    // What was retired once is asked for again after a crash.
    if (former !== undefined) await rotator.retire?.(former, { inputs, state: saved }, testContext())
    await checkCurrent(saved)
    await checkAgreement(saved, 'rotated')
    const opened = rotator.open(saved, inputs as object)
    if (opened === undefined) throw new Error('open() shows nothing of a state that was just rotated')
    refuseViolations(opened, rotator.outputs, 'outputs')
    former = saved
  }
}

async function showsNoSecret({ rotator, inputs, state }: AnyScenario): Promise<void> {
  const context = testContext()
  const secrets = new Set<string>()
  collectSecrets(inputs, secrets)
  collectSecrets(state, secrets)
  const plan = await rotator.plan({ inputs, state }, context)
  const after = await rotateOnce({
    rotator,
    inputs,
    state,
    context,
    onRecord: (record) => collectSecrets(record, secrets),
  })
  collectSecrets(after, secrets)
  const shown = shownBy(context, plan.steps, rotator.target(inputs))
  for (const each of secrets) {
    if (shown.includes(each)) throw new Error(`a secret of ${each.length} characters is shown to the user`)
  }
}

async function checksOnly({ rotator, inputs, state, checkAgreement }: AnyScenario): Promise<void> {
  if (rotator.check === undefined) return
  const after = await rotateOnce({ rotator, inputs, state, context: testContext() })
  if (state !== undefined) await rotator.retire?.(state, { inputs, state: after }, testContext())
  const checks = await rotator.check({ inputs, state: after }, testContext())
  const broken = checks.find(({ credential, works }) => credential === 'current' && works === false)
  if (broken) throw new Error(`the current credential was just rotated, and is said not to work: ${broken.detail}`)
  await checkAgreement(after, 'rotated')
}

function shownBy(context: TestContext, ...more: readonly unknown[]): string {
  return inspect([context.messages, context.warnings, ...more], { depth: 20, maxStringLength: null })
}

const shortestSecret = 6

function collectSecrets(value: unknown, into: Set<string>, inSecret = false): void {
  if (value instanceof Secret) collectSecrets(value.reveal(), into, true)
  else if (typeof value === 'string' && inSecret && value.length >= shortestSecret) into.add(value)
  else if (typeof value === 'object' && value !== null) {
    for (const member of Object.values(value)) collectSecrets(member, into, inSecret)
  }
}

function refuseViolations(value: Plain | object, schema: Rotator['state'], what: string): void {
  const violations = violationsOf(value as Plain, schema)
  if (violations.length > 0) throw new Error(`the ${what} is not of its own schema: ${violations.join('; ')}`)
}
