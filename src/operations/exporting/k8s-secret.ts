import { EscError } from '../../errors.ts'
import { bytesOf } from '../../raw-bytes.ts'
import { cannotHold, type ExportedVariable } from './exported-variables.ts'

export interface K8sSecret {
  readonly name: string
  readonly namespace: string | undefined
  /** Variables and contents of files: each becomes a key. */
  readonly values: readonly ExportedVariable[]
}

/** The most bytes that a Secret may have, all values together. */
const LARGEST = 1024 * 1024

/**
 * The manifest of a Secret of Kubernetes, in YAML, with all values as base64.
 *
 * @throws EscError `invalid_input` for a name, key or size that Kubernetes refuses.
 */
export function k8sSecret({ name, namespace, values }: K8sSecret): string {
  refuseName('name', name, /^(?=.{1,253}$)[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/)
  if (namespace !== undefined) refuseName('namespace', namespace, /^(?=.{1,63}$)[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/)
  const keys = new Map<string, string>()
  let size = 0
  const lines = values.map(({ name: key, value, path }) => {
    if (!/^[-._A-Za-z0-9]{1,253}$/.test(key) || key === '.' || key.startsWith('..')) {
      throw cannotHold(path, 'has a name that a Secret cannot have as a key', 'use letters, digits, - . and _')
    }
    const before = keys.get(key)
    if (before !== undefined) throw cannotHold(path, `has the name of ${before}`, 'rename one of them')
    keys.set(key, path)
    const bytes = bytesOf(value)
    size += bytes.length
    return `  ${JSON.stringify(key)}: ${JSON.stringify(Buffer.from(bytes).toString('base64'))}\n`
  })
  if (size > LARGEST) {
    throw new EscError('invalid_input', `the values have ${size} bytes, and a Secret holds at most ${LARGEST}`, {
      hint: 'export parts of it as environments of their own',
    })
  }
  const place = namespace === undefined ? '' : `  namespace: ${JSON.stringify(namespace)}\n`
  const data = lines.length === 0 ? 'data: {}\n' : `data:\n${lines.join('')}`
  return `apiVersion: v1\nkind: Secret\nmetadata:\n  name: ${JSON.stringify(name)}\n${place}type: Opaque\n${data}`
}

/** A name for the Secret of an environment: `app/dev_2` becomes `app-dev-2`. */
export function k8sNameOf(environment: string): string {
  return environment.toLowerCase().replace(/[^a-z0-9.]+/g, '-')
}

function refuseName(what: string, name: string, pattern: RegExp): void {
  if (pattern.test(name)) return
  throw new EscError('invalid_input', `${JSON.stringify(name)} cannot be the ${what} of a Secret`, {
    hint: `give another ${what}: small letters, digits and hyphens, beginning and ending with a letter or digit`,
  })
}
