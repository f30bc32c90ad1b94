import { readFileSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { cutTo } from './cut-history.ts'
import { environments, type GoodStore, type Name } from './good-store.ts'
import type { Machine } from './machine.ts'
import type { Mutation } from './mutations.ts'
import type { Outcome } from './outcome.ts'
import type { WatchedEsc } from './watched-esc.ts'

/** What an environment may open to. */
export interface Genuine {
  /** In the good store, by environment. */
  readonly now: Readonly<Record<string, string>>
  /**
   * In any earlier state of the store that its author made: what a machine that has seen nothing
   * cannot tell from now.
   */
  readonly ever: Readonly<Record<string, ReadonlySet<string>>>
  /** Diagnostics in such a state, in which what was imported did not have all of it yet. */
  readonly complaints: ReadonlySet<string>
}

/**
 * Opens every state that the store has ever been in: each revision of an environment, with each of
 * what it imports.
 */
export async function genuineStates(
  { older: _, files }: GoodStore,
  world: { esc: WatchedEsc; machine: Machine; folder: string; reset: (machine: Machine) => void },
): Promise<Genuine> {
  const { esc, machine, folder, reset } = world
  const open = async (name: string) => esc.run({ words: ['open', name], cwd: folder, env: machine.env })
  const revisionsOf = (name: Name) => files.filter((file) => file.startsWith(`${name}/revisions/`)).length
  const now: Record<string, string> = {}
  const ever: Record<string, Set<string>> = {}
  const complaints = new Set<string>()
  for (const name of environments) {
    ever[name] = new Set()
    for (let own = revisionsOf(name); own > 0; own--) {
      for (let base = revisionsOf('app/base'); base > 0; base--) {
        if (name !== 'app/web' && base !== revisionsOf('app/base')) break
        reset(machine)
        cutTo(join(folder, 'environments', 'app/base'), base)
        cutTo(join(folder, 'environments', name), own)
        const { code, out, err } = await open(name)
        if (code === 0) ever[name].add(out)
        else complaints.add(err)
      }
    }
    reset(machine)
    const { code, out, err } = await open(name)
    if (code !== 0) throw new Error(`the good store does not open: ${err}`)
    now[name] = out
  }
  return { now, ever, complaints }
}

export interface Look {
  readonly store: string
  readonly changes: readonly Mutation[]
  readonly genuine: Genuine
  /** By environment. */
  readonly opened: Readonly<Record<string, Outcome>>
  /** By command. */
  readonly others: Readonly<Record<string, Outcome>>
  /** The machine has seen the good store before. */
  readonly pulled: boolean
}

/** What is wrong with what the commands did over a mutant. */
export function complaints({ store, changes, genuine, opened, others, pulled }: Look): readonly string[] {
  const found: string[] = []
  const paths = changes.flatMap((change) => change.paths)
  const all = {
    ...Object.fromEntries(Object.entries(opened).map(([name, outcome]) => [`open ${name}`, outcome])),
    ...others,
  }
  for (const [command, { hung, contacts, out, err, code }] of Object.entries(all)) {
    if (hung) found.push(`${command} hangs`)
    if (contacts.length > 0) found.push(`${command} contacts ${contacts.join(', ')}`)
    if (code < 0 || /\b(?:Type|Range|Syntax|Reference)Error\b|^ {4}at |escaped error/m.test(out + err)) {
      if (!hung) found.push(`${command} fails without an error of its own: ${out.slice(0, 200)}${err.slice(0, 500)}`)
    }
  }
  let refused = false
  const isPutThere = (name: string) =>
    paths.includes(name) || (paths.includes(`${name}/settings.yaml`) && paths.includes(`${name}/revisions`))
  const planted = pulled ? [] : environments.filter((name) => isPutThere(name) && hasNoKey(join(store, name)))
  for (const [name, { code, out, err, hung }] of Object.entries(opened)) {
    if (hung) continue
    // Nobody can tell a fresh clone that an environment without a key stands where one with a key
    // has been.
    if (planted.some((each) => each === name || (each === 'app/base' && name === 'app/web'))) continue
    if (code === 0) {
      const accepted = pulled ? out === genuine.now[name] : genuine.ever[name]!.has(out)
      if (!accepted) found.push(`open ${name} gives other values: ${out}`)
      continue
    }
    if (!pulled && genuine.complaints.has(err)) continue
    // Whoever can push can remove an environment, or give it another name.
    if (
      /^Error: environment '(.*)' does not exist/.test(err) &&
      paths.some((path) => `${name}/`.startsWith(`${path}/`))
    )
      continue
    refused = true
    if (!names(err, store, paths)) found.push(`open ${name} refuses without naming the file: ${err}`)
  }
  const { check } = others
  if (check === undefined) return found
  // A note is enough where a key is not at hand: that is no fault of the store.
  if (refused && !check.hung && check.code === 0 && !names(check.out + check.err, store, paths))
    found.push(`check finds nothing: ${check.out}`)
  if (refused && check.code !== 0 && !names(check.out + check.err, store, paths)) {
    found.push(`check does not name the file: ${check.out}${check.err}`)
  }
  return found
}

/** A text names a changed file, a folder above it below the store, or something in it. */
function names(text: string, store: string, paths: readonly string[]): boolean {
  const tokens = text.match(/[^\s'"“”(),;]+/g)?.map((token) => token.replace(/[.:]+$/, '').replace(/:\d.*$/, '')) ?? []
  const mentioned = tokens
    .filter((token) => token.includes('/') || /\.\w+$/.test(token))
    .map((token) => (token.startsWith(store) ? relative(store, token) : token.replace(/^environments\//, '')))
  return paths.some((path) =>
    mentioned.some((token) => token === path || path.startsWith(`${token}/`) || token.startsWith(`${path}/`)),
  )
}

/** Whether the settings of an environment hold no data key. `environment`: its folder. */
export function hasNoKey(environment: string): boolean {
  const settings = join(environment, 'settings.yaml')
  try {
    // A pipe would be waited for.
    return statSync(settings).isFile() && !readFileSync(settings, 'utf8').includes('wrappedDataKey')
  } catch {
    return false
  }
}
