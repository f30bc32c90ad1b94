import { EscError } from '../../../errors.ts'
import {
  changeSecretsProvider,
  changeStoreSecretsProvider,
  refuseVersion,
  type SecretsProviderReport,
  type Session,
} from '../../../operations/index.ts'
import { shellWord } from '../../../shell-word.ts'
import { EscCommand, OUTPUT_FLAG, WRITE_FLAGS } from '../../framework/command.ts'
import { type ExposedRotation, exitCodeOfRotations, exposedText, rotateExposed } from '../../framework/exposed.ts'
import { boolean } from '../../framework/flags.ts'
import type { Host } from '../../framework/host.ts'
import { EXIT } from '../../framework/report-error.ts'
import { openSession } from '../../framework/session.ts'
import { worded } from '../../terminal/index.ts'

const flags = {
  all: boolean({ description: 'every environment of the store, and those that will be made' }),
  rotate: boolean({ description: 'then rotate the credentials that those who had the former key know' }),
  ...OUTPUT_FLAG,
}

interface Result extends SecretsProviderReport {
  readonly rotations: readonly ExposedRotation[]
}

export default class EnvChangeSecretsProvider extends EscCommand<Result, typeof flags> {
  static override id = 'env:change-secrets-provider'
  static override busy = 'changing keys'
  static override summary = 'Re-encrypt environments with another key or secrets provider.'
  static override description =
    `Creates a new data key for an environment, protects it with another secrets provider (or the same one), and re-encrypts every revision.
The old revisions are replaced only after the new ones were opened with the new provider alone. You can interrupt the command and run it
again; --all skips environments that are done.

People who had the old key may know the secrets, and git still has the old revisions. The secrets are listed, so that you can change
them at their source. --rotate rotates those that have a rotator.

To change from one passphrase to another, give the new one in ESC_NEW_PASSPHRASE, in the file of ESC_NEW_PASSPHRASE_FILE, or at the prompt.`
  static override examples = [
    {
      description: 'Use a key of AWS KMS',
      command: "esc env change-secrets-provider app/prod 'awskms://alias/esc?region=eu-west-1'",
    },
    {
      description: 'Use the same provider with a new data key',
      command: 'esc env change-secrets-provider app/prod age',
    },
    {
      description: 'Change everything, and rotate',
      command: 'esc env change-secrets-provider --all passphrase --rotate',
    },
  ]
  static override baseFlags = WRITE_FLAGS
  static override flags = flags
  static override args = {
    environment: { description: 'the environment; none with --all' },
    provider: {
      description:
        'default, passphrase, age[://recipient,…], awskms://…, azurekeyvault://…, gcpkms://… or hashivault://…',
      required: true,
    },
  }
  static override usesSelected = true
  static override count = { kind: 'between', least: 1, most: 2 } as const

  async run(): Promise<Result> {
    const { all, rotate } = this.flags
    const words = this.flags.env === undefined ? this.positionals : [this.flags.env, ...this.positionals]
    if (words.length !== (all ? 1 : 2)) {
      const message = all
        ? '--all takes a secrets provider and no environment'
        : 'expected an environment and a secrets provider'
      throw new EscError('usage', message, { hint: 'run "esc env change-secrets-provider --help"' })
    }
    const session = openSession(this.io, this.flags)
    const request = { secretsProvider: words.at(-1) as string, rotates: rotate }
    const report = all
      ? (await session.perform(changeStoreSecretsProvider, undefined, request)).result
      : await this.#changeOne(session, words[0] as string, request)
    // Rotations have lines of their own.
    this.io.busy?.end()
    const names = report.environments.flatMap(({ name, status }) => (status === 'failed' ? [] : [name]))
    const rotations = rotate ? await rotateExposed(this.#withNewPassphrase(), session, names) : []
    return { ...report, rotations }
  }

  async #changeOne(
    session: Session,
    typed: string,
    request: { readonly secretsProvider: string; readonly rotates: boolean },
  ): Promise<SecretsProviderReport> {
    const reference = session.reference(typed)
    refuseVersion(reference, 'change-secrets-provider')
    return (await session.perform(changeSecretsProvider, reference, request)).result
  }

  /** A rotation opens the environment again, under the passphrase that was given apart. */
  #withNewPassphrase(): Host {
    const { ESC_NEW_PASSPHRASE, ESC_NEW_PASSPHRASE_FILE, ...env } = this.io.env
    if (ESC_NEW_PASSPHRASE === undefined && !ESC_NEW_PASSPHRASE_FILE) return this.io
    const { ESC_PASSPHRASE: _, ESC_PASSPHRASE_FILE: __, ...others } = env
    const given = {
      ESC_PASSPHRASE: ESC_NEW_PASSPHRASE,
      ...(ESC_NEW_PASSPHRASE_FILE ? { ESC_PASSPHRASE_FILE: ESC_NEW_PASSPHRASE_FILE } : {}),
    }
    return Object.create(this.io, { env: { value: { ...others, ...given } }, behind: { value: this.io } }) as Host
  }

  text({ environments, secretsProvider, isDefault, rotations }: Result): string {
    let text = ''
    for (const { name, status, from, revisions, error, hint } of environments) {
      if (status === 'changed')
        text += `${name}: ${changeOf(from, secretsProvider)} (${counted(revisions)} re-encrypted)\n`
      else if (status === 'already') text += `${name}: was under ${secretsProvider} already\n`
      else text += `${name}: not changed: ${error}\n${hint === undefined ? '' : `  hint: ${worded(hint)}\n`}`
    }
    if (isDefault) text += `New environments will be under ${secretsProvider}.\n`
    const all = environments.length === 1 && !this.flags.all ? (environments[0]?.name ?? '') : '--all'
    const again = `esc env change-secrets-provider ${all} ${shellWord(secretsProvider)} --rotate`
    return text + exposedText(environments, { rotations: this.flags.rotate ? rotations : undefined, again })
  }

  override exitCode({ environments, rotations }: Result): number {
    if (environments.some(({ status }) => status === 'failed')) return EXIT.failed
    return exitCodeOfRotations(rotations)
  }
}

function changeOf(from: string, to: string): string {
  return from === to ? `has a new data key under ${to}` : `from ${from} to ${to}`
}

function counted(revisions: number): string {
  return revisions === 1 ? '1 revision' : `${revisions} revisions`
}
