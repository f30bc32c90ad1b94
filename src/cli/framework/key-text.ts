import type { KeyHolders } from '../../operations/index.ts'

/** Returns the text on who can unwrap a data key, as lines, each indented. */
export function keyText(key: KeyHolders & { readonly secretsProvider: string }): string {
  switch (key.kind) {
    case 'recipients': {
      const lines = key.recipients.map(({ recipient, of }) => `  ${recipient}${of === undefined ? '' : ` (${of})`}\n`)
      return `  ${key.file === undefined ? key.secretsProvider.split('://')[0] : key.file} names these, and nobody else:\n${lines.map((line) => `  ${line}`).join('')}`
    }
    case 'key-file':
      return `  whoever has the key file${key.keyId === undefined ? '' : ` with the key ${key.keyId}`}: nobody knows who that is\n`
    case 'passphrase':
      return '  whoever knows the passphrase: nobody knows who that is\n'
    case 'service':
      return `  whom the policy of ${key.secretsProvider} allows to decrypt: only the vendor knows who that is\n`
  }
}
