import { EscError } from '../../../errors.ts'
import {
  type ChangedKeys,
  refuseVersion,
  type TrustedKey,
  type TrustedKeys,
  trustKey,
  trustKeys,
  type UnknownKey,
} from '../../../operations/index.ts'
import { ENV_FLAGS, EscCommand, OUTPUT_FLAG } from '../../framework/command.ts'
import { boolean } from '../../framework/flags.ts'
import { keyText } from '../../framework/key-text.ts'
import { EXIT } from '../../framework/report-error.ts'
import { openSession, openTarget } from '../../framework/session.ts'
import { confirm, worded } from '../../terminal/index.ts'

const flags = {
  all: boolean({ description: 'every environment with a key that this machine does not know; asks once per commit' }),
  yes: boolean({ description: 'accept the key without asking; with --all, all of them', char: 'y' }),
  ...OUTPUT_FLAG,
}

type Result =
  | { readonly kind: 'one'; readonly trusted: TrustedKey }
  | { readonly kind: 'all'; readonly trusted: TrustedKeys }

export default class EnvTrust extends EscCommand<Result, typeof flags> {
  static override id = 'env:trust'
  static override summary = 'Accept a data key that changed, after checking who changed it.'
  static override description =
    `This machine remembers the data keys it has seen, and refuses an environment whose key changed: the holder of the new key could read what you
save. If somebody with the old key signed the change, it is accepted without a question. For all other changes, this command
shows what changed and who can open the environment now, and asks before it accepts the key. First ask your colleagues, by another
way than the repository, whether they changed it.

With --all, environments are grouped by the commit that changed their keys, and you answer once per commit. If you do not answer yes, those environments
stay as they are. The exit code is 1 if a key was not accepted.`
  static override examples = [
    { description: 'Look at a changed key, and accept it', command: 'esc env trust app/dev --yes' },
    { description: 'Go through all changed keys', command: 'esc env trust --all' },
  ]
  static override baseFlags = ENV_FLAGS
  static override flags = flags
  static override args = { environment: { description: 'the environment; none with --all' } }
  static override usesSelected = true
  static override count = { kind: 'atMost', count: 1 } as const

  async run(): Promise<Result> {
    if (this.flags.all) {
      if (this.positionals.length > 0 || this.flags.env !== undefined) {
        throw new EscError('usage', '--all takes no environment', { hint: 'name one, or give --all' })
      }
      const session = openSession(this.io, this.flags)
      const accept = (change: ChangedKeys) => this.#ask(change)
      return { kind: 'all', trusted: (await session.perform(trustKeys, undefined, { accept })).result }
    }
    const { session, reference } = openTarget(this.io, this.flags, this.positionals)
    refuseVersion(reference, 'trust')
    const ask = async (unknown: UnknownKey) => {
      if (this.flags.yes) return
      await confirm(this.io, about(unknown), unknown.environment)
    }
    const { result: trusted } = await session.perform(trustKey, reference, { confirm: ask })
    return { kind: 'one', trusted }
  }

  async #ask(change: ChangedKeys): Promise<boolean> {
    this.io.err(`${changeText(change)}\n`)
    if (this.flags.yes) return true
    const { length } = change.environments
    this.io.err(`Accept ${length === 1 ? 'this data key' : `these ${length} data keys`} on this machine? [y/N] `)
    const { io } = this
    const answer = await (io.busy === undefined ? io.readLine() : io.busy.quietly(() => io.readLine()))
    return /^y(?:es)?$/i.test(answer?.trim() ?? '')
  }

  text(result: Result): string {
    if (result.kind === 'all') return allText(result.trusted)
    const { trusted } = result
    if (!trusted.accepted) return `This machine knows the data key of '${trusted.environment}' already.`
    return `${this.flags.yes ? `${about(trusted)}\n` : ''}The data key of '${trusted.environment}' is accepted on this machine.`
  }

  override json(result: Result): unknown {
    if (result.kind === 'one') return result.trusted
    const { changes, failed } = result.trusted
    return { changes: changes.map(({ commit, ...change }) => ({ commit: commit ?? null, ...change })), failed }
  }

  override exitCode(result: Result): number {
    if (result.kind === 'one') return EXIT.done
    const { changes, failed } = result.trusted
    return failed.length > 0 || changes.some(({ accepted }) => !accepted) ? EXIT.failed : EXIT.done
  }
}

function allText({ changes, failed }: TrustedKeys): string {
  if (changes.length + failed.length === 0) return 'This machine knows the data keys of all environments already.'
  const named = (accepted: boolean) =>
    changes
      .filter((change) => change.accepted === accepted)
      .flatMap(({ environments }) => environments.map(({ environment }) => environment))
  const [trusted, left] = [named(true), named(false)]
  return [
    trusted.length > 0 ? `Accepted on this machine: ${trusted.join(', ')}\n` : '',
    left.length > 0 ? `Not accepted: ${left.join(', ')}\n` : '',
    ...failed.map(
      ({ environment, error, hint }) =>
        `${environment}: cannot be accepted: ${error}\n${hint === undefined ? '' : `  hint: ${worded(hint)}\n`}`,
    ),
  ].join('')
}

/** One commit, and what it changed. */
function changeText({ commit, environments }: ChangedKeys): string {
  const title =
    commit === undefined
      ? 'Changed data keys that are in no commit:'
      : `Commit ${commit.commit} of ${commit.date}, by ${commit.author}: ${commit.subject}\n(Git does not prove who made a commit.)\nIt changed the data keys of:`
  return printable([title, ...environments.map(environmentText)].join('\n'))
}

function environmentText({ differences, environment, key, replaced, revision, unverified }: UnknownKey): string {
  const compared =
    differences === undefined
      ? ['no key of it was used here before, so there is nothing to compare it with']
      : differences.length === 0
        ? ['the secrets provider and the recipients it names are the same as before']
        : differences
  return [
    `  ${environment}, revision ${revision}${replaced ? ': not the environment that this machine has seen under that name' : ''}`,
    ...compared.map((line) => `    ${line}`),
    `    seals: ${unverified === undefined ? 'right, with the new key; its maker can make them' : `not checked: ${unverified}`}`,
    `    who can open it, with ${key.secretsProvider}:`,
    keyText(key)
      .trimEnd()
      .split('\n')
      .map((line) => `    ${line}`)
      .join('\n'),
  ].join('\n')
}

function about({ environment, replaced, key, differences, revision, commit, unverified }: UnknownKey): string {
  const compared =
    differences === undefined
      ? ['This machine has not used a key of it before, so there is nothing to compare it with.']
      : differences.length === 0
        ? ['The secrets provider and the recipients it names are the same as before.']
        : ['What is different from the key that this machine knows:', ...differences.map((line) => `  ${line}`)]
  return [
    replaced
      ? `Environment '${environment}' is not the one that this machine has seen under that name: somebody has removed that one, or put this one in its place.`
      : `Environment '${environment}' has a data key that this machine has not seen, and nobody who had the key it knows has signed the change.`,
    ...compared,
    `Seals:     ${unverified === undefined ? 'right, with the new key; its maker can make them' : `not checked: ${unverified}`}`,
    `Revision:  ${revision} is the newest`,
    `Commit:    ${commit === undefined ? 'none, or no git repository' : `${commit} changed the settings last; what it says of its author can be forged`}`,
    `Who can open it, with ${printable(key.secretsProvider)}:`,
    printable(keyText(key)).trimEnd(),
  ].join('\n')
}

/** Line breaks aside, without characters that a terminal obeys. */
function printable(text: string): string {
  return text.replace(/(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\ufffd')
}
