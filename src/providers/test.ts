import type { Plain, PlainObject } from '../plain.ts'
import { Secret, secret } from '../secret.ts'
import type { Provider } from './provider.ts'

const example = `values:
  database:
    fn::open::test: {host: db.example.com, port: 5432}
  url: postgres://\${database.host}:\${database.port}
`

/** The inputs themselves, to try a definition or a client without an account anywhere. */
export const test: Provider<Plain> = {
  name: 'test',
  description: 'Its inputs, to try out definitions and clients without an account anywhere.',
  example,
  inputs: true,
  outputs: true,

  async open(inputs, { lasts }) {
    lasts?.('always')
    return asSecrets(inputs)
  },
}

/** Inputs do not say which of them were secret, so every one is. */
function asSecrets(value: Plain): Plain {
  if (value instanceof Secret) return value
  if (typeof value !== 'object' || value === null) return secret(value)
  if (Array.isArray(value)) return value.map(asSecrets)
  const members: Record<string, Plain> = Object.create(null)
  for (const [key, member] of Object.entries(value as PlainObject))
    if (member !== undefined) members[key] = asSecrets(member)
  return members
}
