import { createHash } from 'node:crypto'
import { dirname, join } from 'node:path'
import { EscError } from '../../errors.ts'
import { type FileSystem, ioError, machineFiles, readIfPresent } from '../../files/index.ts'
import { type RichText, rich, step } from '../../rich-text.ts'
import { shellWord } from '../../shell-word.ts'
import { bindKey, changedKey, malformedWrapping, unbindKey } from '../bound-key.ts'
import { dataKeyText, type KeyOwner, ownerText } from '../data-key.ts'
import type { KeyContext, SecretsProvider } from '../provider.ts'
import { recipientsFile } from '../recipients-file.ts'
import { exactBytes } from '../wrapping.ts'
import {
  AgeIdentities,
  badIdentity,
  type IdentitiesInUse,
  ownIdentityFile,
  passedOver,
  type UsableIdentity,
} from './age-identities.ts'
import { recipientProblem } from './age-recipient.ts'

type Sdk = typeof import('../../vendor/age.ts')

/** The URL of a key, taken apart. */
export interface AgeKeyUrl {
  readonly kind: 'age'
  /** Empty: those of the recipients file. */
  readonly recipients: readonly string[]
}

/**
 * `age://`: the data key is encrypted for several age recipients, each of whom can open it alone.
 * Wrapped form: `v1:age:<base64 of an age file>`. Its content is the bound data key and a digest of
 * the recipients, by which a list that has been edited since is noticed.
 */
export function ageProvider(url: AgeKeyUrl, context: KeyContext, owner: KeyOwner): SecretsProvider {
  const rewrap = { do: 'rewrap-key', environment: owner.name } as const

  return {
    async wrapKey(dataKey) {
      const recipients = recipientsOf(url, context, owner)
      const { result, found } = await new AgeIdentities(context).try(async (mine) =>
        mine.find(({ recipient }) => recipients.includes(recipient)),
      )
      if (result === undefined) {
        const [first] = found.identities
        if (first === undefined && found.unusable.length > 0) throw badIdentity(found, owner.name)
        throw new EscError(
          'key_unavailable',
          `cannot encrypt ${dataKeyText(owner)} for age recipients: none of them is yours, so you could not open it again${passedOver(found)}`,
          { hint: first === undefined ? identityHint(context) : `add your own recipient, ${first.recipient}` },
        )
      }
      return `v1:age:${await encrypt(Buffer.concat([bindKey(dataKey, owner), digestOf(recipients)]), recipients)}`
    },

    async unwrapKey(wrapped) {
      const text = /^v1:age:([A-Za-z0-9+/]+={0,2})$/.exec(wrapped)?.[1]
      const file = text === undefined ? undefined : exactBytes(text)
      if (file === undefined) throw malformedWrapping(owner)
      const { result: bytes, found } = await new AgeIdentities(context).try((mine) => decrypt(file, mine, owner))
      if (bytes === undefined) throw cannotOpen(found)
      const dataKey = unbindKey(bytes.subarray(0, -digestBytes), owner)
      noticeEditedList(bytes.subarray(-digestBytes))
      return dataKey
    },
  }

  /** A list that cannot be read is no reason not to open. */
  function noticeEditedList(wrappedFor: Uint8Array): void {
    let listed: readonly string[]
    try {
      listed = recipientsOf(url, context, owner)
    } catch {
      return
    }
    if (digestOf(listed).equals(wrappedFor)) return
    const change = { do: 'change-secrets-provider', environment: owner.name, provider: 'age://' } as const
    context.notify({ kind: 'recipients-edited', environment: owner.name, remedies: [rewrap, change] })
  }

  function cannotOpen(found: IdentitiesInUse): EscError {
    const [first, ...more] = found.identities
    if (first === undefined) {
      if (found.unusable.length > 0) return badIdentity(found, owner.name)
      return new EscError(
        'key_unavailable',
        `${ownerText(owner)} is encrypted for age recipients, and you have no age identity`,
        { hint: identityHint(context) },
      )
    }
    const others = new Set(more.map(({ recipient }) => recipient)).size
    const whose = `${first.recipient} (${first.place})${others > 0 ? ` and ${others} more` : ''}${passedOver(found)}`
    let listed: readonly string[] = []
    try {
      listed = recipientsOf(url, context, owner)
    } catch {}
    const added = found.identities.some(({ recipient }) => listed.includes(recipient))
    return new EscError(
      'key_unavailable',
      added
        ? `${ownerText(owner)} names your age recipient, but its data key was encrypted before that, or was changed; yours is ${whose}`
        : `${ownerText(owner)} is encrypted for other age recipients than yours, which is ${whose}`,
      {
        hint: added
          ? rich`ask somebody who can open it to ${step('encrypt the key for you', rewrap)}`
          : 'set ESC_AGE_IDENTITY_FILE to another identity, or ask somebody who can open it to add your recipient',
      },
    )
  }
}

const digestBytes = 32

function digestOf(recipients: readonly string[]): Buffer {
  return createHash('sha256')
    .update([...recipients].sort().join('\n'))
    .digest()
}

/** A recipient as a list has it. */
export interface AgeRecipient {
  readonly recipient: string
  /** The owner of it: what the comment on the line before says. Undefined: nothing. */
  readonly of: string | undefined
}

export interface AgeRecipients {
  readonly recipients: readonly AgeRecipient[]
  /** The file they are in. Undefined: the URL names them. */
  readonly file: string | undefined
}

/**
 * Returns the recipients of the URL, or of the nearest recipients file. @throws EscError
 * `invalid_input`.
 */
function recipientsOf(url: AgeKeyUrl, context: KeyContext, owner: KeyOwner): readonly string[] {
  return ageRecipients(url, context, owner).recipients.map(({ recipient }) => recipient)
}

/**
 * Returns the recipients that the data key is encrypted for the next time.
 *
 * @throws EscError `invalid_input`.
 */
export function ageRecipients(
  url: AgeKeyUrl,
  { files = machineFiles }: Pick<KeyContext, 'files'>,
  owner: KeyOwner,
): AgeRecipients {
  if (url.recipients.length > 0) {
    return { recipients: url.recipients.map((recipient) => ({ recipient, of: undefined })), file: undefined }
  }
  for (const folder of owner.folders ?? []) {
    const path = join(folder, recipientsFile)
    const bytes = readRecipients(files, path)
    if (bytes !== undefined) return { recipients: parseRecipients(Buffer.from(bytes).toString(), path), file: path }
  }
  throw new EscError(
    'invalid_input',
    `${ownerText(owner)} has no age recipients: the URL of its secrets provider names none, and there is no ${recipientsFile}`,
    {
      hint: `write age://<recipient>,<recipient>…, or a file ${recipientsFile} in ${(owner.folders ?? []).join(' or ') || 'the folder of the environment or the store'}`,
    },
  )
}

function readRecipients(files: FileSystem, path: string): Uint8Array | undefined {
  try {
    return readIfPresent(files, path)
  } catch (error) {
    throw ioError(error, `cannot read the age recipients in ${path}`)
  }
}

/** One a line, blank lines and comments aside. */
function parseRecipients(text: string, path: string): readonly AgeRecipient[] {
  const recipients = new Map<string, AgeRecipient>()
  let comment: string | undefined
  text.split(/\r?\n/).forEach((line, index) => {
    const trimmed = line.trim()
    const of = comment
    comment = trimmed.startsWith('#') ? trimmed.replace(/^#+\s*/, '') : undefined
    if (trimmed === '' || trimmed.startsWith('#')) return
    const problem = recipientProblem(trimmed)
    if (problem !== undefined) {
      throw new EscError('invalid_input', `${path}:${index + 1}: ${problem}`, { hint: 'write one age1… a line' })
    }
    if (!recipients.has(trimmed)) recipients.set(trimmed, { recipient: trimmed, of })
  })
  if (recipients.size > 0) return [...recipients.values()]
  throw new EscError('invalid_input', `${path} names no recipients`, { hint: 'write one age1… a line' })
}

function loadSdk(): Promise<Sdk> {
  return import('../../vendor/age.ts')
}

async function encrypt(plaintext: Uint8Array, recipients: readonly string[]): Promise<string> {
  const { Encrypter } = await loadSdk()
  const encrypter = new Encrypter()
  try {
    for (const recipient of recipients) encrypter.addRecipient(recipient)
    return Buffer.from(await encrypter.encrypt(plaintext)).toString('base64')
  } catch {
    throw new EscError('invalid_input', 'one of the age recipients is not a valid public key', {
      hint: 'compare the recipients with what `age-keygen -y` prints for their identities',
    })
  }
}

/**
 * `undefined` when it is for none of these identities, or their part of the header was changed.
 * @throws EscError `tampered`.
 */
async function decrypt(
  file: Uint8Array,
  identities: readonly UsableIdentity[],
  owner: KeyOwner,
): Promise<Buffer | undefined> {
  const sdk = await loadSdk()
  const decrypter = new sdk.Decrypter()
  for (const { text } of identities) decrypter.addIdentity(text)
  try {
    return Buffer.from(await decrypter.decrypt(file))
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('no identity matched')) return undefined
    throw changedKey(owner)
  }
}

function identityHint(context: KeyContext): RichText {
  const file = ownIdentityFile(context)
  // age-keygen makes no folders.
  const make = `mkdir -p ${shellWord(dirname(file))} && age-keygen -o ${shellWord(file)}`
  const join = step('make one, and see what a colleague needs to let you in,', { do: 'join-store' })
  return rich`${join}; or make one with \`${make}\` and add its public key to the recipients, or set ESC_AGE_IDENTITY or ESC_AGE_IDENTITY_FILE`
}
