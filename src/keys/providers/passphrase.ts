import { createHash, randomBytes, scrypt } from 'node:crypto'
import { EscError } from '../../errors.ts'
import { ioError, machineFiles } from '../../files/index.ts'
import { type KeyOwner, ownerText, wrappedKeyText } from '../data-key.ts'
import type { KeyContext, ProviderKind, SecretsProvider } from '../provider.ts'
import { exactBytes, unwrap, wrap } from '../wrapping.ts'

interface ScryptParameters {
  /** Base-2 logarithm of N, the cost. */
  readonly logN: number
  readonly r: number
  readonly p: number
  readonly salt: Uint8Array
}

/** 128 MiB and about 0.4 s. */
const cost = { logN: 17, r: 8, p: 1 }

/**
 * Answers and keys of one process: people are asked once, and scrypt runs
 * once a passphrase and salt.
 */
interface Memory {
  prompted: string | undefined
  readonly keys: Map<string, Promise<Uint8Array>>
  /** A new key of the same passphrase shares the salt, and so the one computation. */
  readonly salts: Map<string, Uint8Array>
}
const memories = new WeakMap<KeyContext, Memory>()

/** `passphrase`, without anything after it. */
export function passphraseKind(): ProviderKind {
  return { open: async (_url, context, owner) => passphraseProvider(context, owner) }
}

/**
 * `passphrase`: the key-encryption key is scrypt of a passphrase from `ESC_PASSPHRASE`, the file
 * `ESC_PASSPHRASE_FILE` names (one final newline dropped), or a prompt. Wrapped form:
 * `v1:passphrase:scrypt:<log2 N>:<r>:<p>:<base64 salt>:<base64>`, bound to the environment's id.
 */
function passphraseProvider(context: KeyContext, owner: KeyOwner): SecretsProvider {
  let memory = memories.get(context)
  if (memory === undefined) {
    memory = { prompted: undefined, keys: new Map(), salts: new Map() }
    memories.set(context, memory)
  }
  const known = memory

  async function ask(confirm: boolean): Promise<string> {
    if (context.prompt === undefined) {
      throw new EscError(
        'key_unavailable',
        `${ownerText(owner)} needs a passphrase, and neither ESC_PASSPHRASE nor ESC_PASSPHRASE_FILE is set`,
        { hint: 'set one of the two variables, or run the command on a terminal' },
      )
    }
    const question = `${confirm ? 'New passphrase' : 'Passphrase'} for ${ownerText(owner)}: `
    const passphrase = await context.prompt(question, { confirm })
    known.prompted = passphrase
    return passphrase
  }

  function derive(passphrase: string, parameters: ScryptParameters): Promise<Uint8Array> {
    const { logN, r, p, salt } = parameters
    // The memory is searched by a digest, so that the passphrase itself is
    // not kept as a key of a map.
    const key = `${digest(passphrase)}:${logN}:${r}:${p}:${Buffer.from(salt).toString('base64')}`
    let derived = known.keys.get(key)
    if (derived === undefined) {
      derived = runScrypt(passphrase, parameters)
      known.keys.set(key, derived)
    }
    known.salts.set(digest(passphrase), salt)
    return derived
  }

  return {
    async wrapKey(dataKey) {
      const passphrase = given(context) ?? known.prompted ?? (await ask(true))
      if (passphrase.trim() === '') {
        throw new EscError('invalid_input', `the passphrase for ${ownerText(owner)} is empty`, {
          hint: 'choose one of several random words',
        })
      }
      const salt = known.salts.get(digest(passphrase)) ?? randomBytes(16)
      const key = await derive(passphrase, { ...cost, salt })
      const saltText = Buffer.from(salt).toString('base64')
      return `v1:passphrase:scrypt:${cost.logN}:${cost.r}:${cost.p}:${saltText}:${wrap(key, dataKey, owner.id)}`
    },

    async unwrapKey(wrapped) {
      const { parameters, text } = parse(wrapped, owner)
      const attempt = async (passphrase: string) => unwrap(await derive(passphrase, parameters), text, owner.id)
      const fixed = given(context)
      let dataKey: Uint8Array | undefined
      if (fixed !== undefined) {
        dataKey = await attempt(fixed)
      } else {
        if (known.prompted !== undefined) dataKey = await attempt(known.prompted)
        dataKey ??= await attempt(await ask(false))
      }
      if (dataKey !== undefined) return dataKey
      known.prompted = undefined
      const place = context.env.ESC_PASSPHRASE !== undefined ? 'ESC_PASSPHRASE' : 'ESC_PASSPHRASE_FILE'
      throw new EscError('key_unavailable', `wrong passphrase for ${ownerText(owner)}`, {
        hint: fixed === undefined ? 'try again' : `correct ${place}, or unset it to be asked`,
      })
    },
  }
}

/** The passphrase the process was started with. Undefined: none. */
function given(context: KeyContext): string | undefined {
  if (context.env.ESC_PASSPHRASE !== undefined) return context.env.ESC_PASSPHRASE
  const path = context.env.ESC_PASSPHRASE_FILE
  if (!path) return undefined
  try {
    return Buffer.from((context.files ?? machineFiles).readFile(path))
      .toString()
      .replace(/\r?\n$/, '')
  } catch (error) {
    const reason = (ioError(error, `cannot read ${path}`) as Error).message
    throw new EscError('key_unavailable', `ESC_PASSPHRASE_FILE: ${reason}`, {
      hint: 'name a file that holds the passphrase',
      cause: error,
    })
  }
}

const wrappedForm = /^v1:passphrase:scrypt:(\d+):(\d+):(\d+):([A-Za-z0-9+/=]+):([A-Za-z0-9+/=]+)$/

function parse(wrapped: string, owner: KeyOwner): { parameters: ScryptParameters; text: string } {
  const [, cost, blocks, lanes, saltText = '', text] = wrappedForm.exec(wrapped) ?? []
  const [logN, r, p] = [Number(cost), Number(blocks), Number(lanes)]
  const salt = exactBytes(saltText)
  // The bounds keep a hostile settings file from asking for all memory, or
  // for a cost that is no cost.
  const sane = logN >= 15 && logN <= 20 && r === 8 && p >= 1 && p <= 4
  const exact = `${logN}:${r}:${p}` === `${cost}:${blocks}:${lanes}`
  if (text === undefined || salt === undefined || salt.length < 16 || !sane || !exact) {
    throw new EscError('store_damaged', `${wrappedKeyText(owner)} is malformed`, {
      hint: 'restore wrappedDataKey in its settings.yaml from the git history',
    })
  }
  return { parameters: { logN, r, p, salt }, text }
}

function runScrypt(passphrase: string, { logN, r, p, salt }: ScryptParameters): Promise<Uint8Array> {
  const N = 2 ** logN
  const options = { N, r, p, maxmem: 128 * N * r + 128 * r * p + 2 ** 20 }
  return new Promise((resolve, reject) => {
    scrypt(passphrase.normalize('NFC'), salt, 32, options, (error, key) => (error ? reject(error) : resolve(key)))
  })
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64')
}
