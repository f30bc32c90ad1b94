import type { RotationMode } from '../../src/rotation/index.ts'
import type { Fault } from './machine.ts'
import { Random } from './random.ts'
import { calm, type Weather } from './vendors.ts'

export type RotatorKind = 'slots' | 'retiring' | 'pair' | 'password'

/** One run of `esc env rotate`, and what befalls it. */
export interface RunStep {
  readonly kind: 'run'
  readonly host: 'A' | 'B'
  readonly mode: Extract<RotationMode, 'rotate' | 'failed' | 'resume' | 'plan'>
  /** Names of rotators; empty: all. */
  readonly paths: readonly string[]
  readonly force: boolean
  readonly weather: Weather
  readonly fault?: Fault
  /** An edit by another process, so many milliseconds after the run began. */
  readonly edit?: { readonly afterMs: number; readonly edit: Edit }
  /** A second runner on the same machine. */
  readonly rival?: {
    readonly afterMs: number
    readonly mode: Extract<RotationMode, 'rotate' | 'resume'>
    readonly fault?: Fault
  }
  readonly seed: number
}

export type Edit =
  | { readonly what: 'note'; readonly name: string; readonly text: string }
  /** Points the inputs at another account or server, or back. */
  | { readonly what: 'place'; readonly name: string }
  | { readonly what: 'remove'; readonly name: string }
  /** Puts a removed rotator back, with the state it had or without one. */
  | { readonly what: 'put back'; readonly name: string; readonly withState: boolean }
  /** Moves a rotator, state and all, to another key; or back. */
  | { readonly what: 'move'; readonly name: string }

export type Step =
  | RunStep
  | { readonly kind: 'edit'; readonly edit: Edit }
  /** A hand edit that nobody saves, made or discarded. */
  | { readonly kind: 'unsaved edit' }
  /** Somebody adds a token of theirs, or removes one of ours, or resets a password. */
  | {
      readonly kind: 'hand'
      readonly what: 'add foreign' | 'remove foreign' | 'remove current' | 'remove previous'
      readonly name: string
    }
  | { readonly kind: 'power loss' }
  | { readonly kind: 'wait'; readonly ms: number }

export interface Schedule {
  readonly seed: number
  /** The rotators of the environment, by name. */
  readonly rotators: Readonly<Record<string, RotatorKind>>
  readonly steps: readonly Step[]
}

const kinds: readonly RotatorKind[] = ['slots', 'slots', 'retiring', 'retiring', 'pair', 'pair', 'password']

export function scheduleOf(seed: number): Schedule {
  const random = new Random(seed)
  const names = ['a', 'b', 'c'].slice(0, random.pick([1, 1, 1, 1, 2, 3]))
  const rotators = Object.fromEntries(names.map((name) => [name, random.pick(kinds)]))
  const steps = Array.from({ length: 1 + random.below(3) }, () => stepOf(random, names))
  return { seed, rotators, steps }
}

function stepOf(random: Random, names: readonly string[]): Step {
  const dice = random.below(100)
  if (dice < 68) return runOf(random, names)
  if (dice < 80) return { kind: 'edit', edit: editOf(random, names) }
  if (dice < 83) return { kind: 'unsaved edit' }
  if (dice < 94) {
    const what = random.pick(['add foreign', 'remove foreign', 'remove current', 'remove previous'] as const)
    return { kind: 'hand', what, name: random.pick(names) }
  }
  if (dice < 96) return { kind: 'power loss' }
  return { kind: 'wait', ms: random.pick([100, 5_000, 60_000, 3_600_000]) }
}

function runOf(random: Random, names: readonly string[]): RunStep {
  const mode = random.pick(['rotate', 'rotate', 'rotate', 'rotate', 'rotate', 'failed', 'resume', 'plan'] as const)
  return {
    kind: 'run',
    host: random.chance(0.85) ? 'A' : 'B',
    mode,
    paths: random.chance(0.3) ? [random.pick(names)] : [],
    force: random.chance(0.85),
    weather: weatherOf(random),
    ...(random.chance(0.6) && { fault: faultOf(random) }),
    ...(random.chance(0.12) && { edit: { afterMs: random.below(1_500), edit: editOf(random, names) } }),
    ...(random.chance(0.08) && {
      rival: {
        afterMs: random.below(1_000),
        mode: random.pick(['rotate', 'resume'] as const),
        ...(random.chance(0.4) && { fault: faultOf(random) }),
      },
    }),
    seed: random.next(),
  }
}

function weatherOf(random: Random): Weather {
  if (random.chance(0.45)) return calm
  const odds = () => random.pick([0, 0, 0.05, 0.25])
  return { refused: odds(), lostRequest: odds(), lostAnswer: odds(), lagMs: random.pick([0, 1_000, 8_000]) }
}

function faultOf(random: Random): Fault {
  if (random.chance(0.5)) {
    const effect = random.pick(['kill', 'kill', 'power loss', 'power loss', 'disk error'] as const)
    return { at: 'file', nth: 1 + random.below(60), effect }
  }
  const when = random.pick(['before', 'in flight', 'after'] as const)
  return { at: 'remote', nth: 1 + random.below(9), when, effect: random.pick(['kill', 'kill', 'power loss'] as const) }
}

function editOf(random: Random, names: readonly string[]): Edit {
  const name = random.pick(names)
  switch (random.below(8)) {
    case 0:
      return { what: 'place', name }
    case 1:
    case 2:
      return { what: 'remove', name }
    case 3:
    case 4:
      return { what: 'put back', name, withState: random.chance(0.7) }
    case 5:
      return { what: 'move', name }
    default:
      return { what: 'note', name, text: `note ${random.below(100)}` }
  }
}
