import type { SchemaObject } from '../../../schema/index.ts'
import type { Secret } from '../../../secret.ts'

export type SshLogin = {
  readonly user: string
  readonly privateKey?: Secret<string>
  /** Decrypts `privateKey`. */
  readonly passphrase?: Secret<string>
  readonly password?: Secret<string>
}

export type SshKeyInputs = {
  readonly host: string
  readonly port?: number
  /** Public keys of the server, a line each, as in `known_hosts`. */
  readonly hostKey: string
  readonly login: SshLogin
  /** The account whose keys are rotated. Default: that of `login`. */
  readonly user?: string
  /** The file with its keys. Default: `.ssh/authorized_keys` in the home of `login`. */
  readonly file?: string
  /** Options before the key in that file, such as `restrict,command="backup"`. */
  readonly options?: string
}

export type SshKey = {
  readonly user: string
  /** In the format of OpenSSH, without a passphrase. */
  readonly privateKey: Secret<string>
  /** Type and base64, without a comment. */
  readonly publicKey: string
}

export type SshKeyState = { readonly current: SshKey; readonly previous?: SshKey }

/** A key in the words of the kit, which knows passwords. */
export type KeptKey = { readonly user: string; readonly password: Secret<string>; readonly publicKey: string }

/** The record is staged before the file is changed. */
export type SshKeyPending = {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly file: string
  /** The new private key. */
  readonly password: Secret<string>
  /** The one that the state called current, to notice that somebody else has rotated since. */
  readonly current?: Secret<string>
}

const key: SchemaObject = {
  type: 'object',
  properties: {
    user: { type: 'string' },
    privateKey: { type: 'string', secret: true },
    publicKey: { type: 'string' },
  },
  required: ['user', 'privateKey', 'publicKey'],
}

export const sshKeyInputsSchema: SchemaObject = {
  type: 'object',
  additionalProperties: false,
  properties: {
    host: { type: 'string' },
    port: { type: 'number', minimum: 1, maximum: 65535, description: 'Default 22.' },
    hostKey: {
      type: 'string',
      description: 'The public keys of the server, a line each, as in known_hosts. Others are refused.',
    },
    login: {
      type: 'object',
      additionalProperties: false,
      description: 'Who may change the file: the account itself, or root.',
      properties: {
        user: { type: 'string' },
        privateKey: { type: 'string', secret: true, description: 'In the format of OpenSSH, or PEM.' },
        passphrase: { type: 'string', secret: true, description: 'Decrypts the private key.' },
        password: { type: 'string', secret: true, description: 'In the place of a key.' },
      },
      required: ['user'],
    },
    user: { type: 'string', description: 'The account whose keys are rotated. Default: that of `login`.' },
    file: {
      type: 'string',
      description: 'The file with its keys. Default: .ssh/authorized_keys in the home of `login`.',
    },
    options: {
      type: 'string',
      description: 'Options before the key in that file, such as restrict,command="backup". Default: none.',
    },
  },
  required: ['host', 'hostKey', 'login'],
  rotateOnly: ['login', 'hostKey', 'options'],
}

export const sshKeyStateSchema: SchemaObject = {
  type: 'object',
  properties: { current: key, previous: key },
  required: ['current'],
}
