import type { Power, PowerKind } from '../../trust/index.ts'
import { decode, getAt, type Node } from '../../yaml/index.ts'

/** The readings of a provider from this machine, and where its inputs say so. `*`: each member. */
const readers: Readonly<Record<string, { readonly kind: PowerKind; readonly at: readonly string[] }>> = {
  env: { kind: 'readVariable', at: ['get', '*', 'name'] },
  file: { kind: 'readFile', at: ['get', '*', 'path'] },
  sops: { kind: 'sopsFile', at: ['path'] },
  command: { kind: 'command', at: ['command'] },
  'kubernetes-secrets': { kind: 'cluster', at: ['login', 'from'] },
  'pulumi-stacks': { kind: 'stack', at: ['stacks', '*', 'stack'] },
  'terraform-state': { kind: 'readFile', at: ['backend', 'local', 'path'] },
}

/**
 * Returns the readings of a definition from this machine, as far as it is written there. What is
 * put together while it is opened cannot be known before, and so is not allowed.
 */
export function machinePowers(text: string): readonly Power[] {
  // Almost all definitions are told from their text.
  const may = text.includes('fn::open') && Object.keys(readers).some((name) => text.includes(name))
  if (!may && !text.includes('\\')) return []
  const { node } = decode('environment.yaml', text)
  const powers: Power[] = []
  if (node !== undefined) collect(node, powers)
  return powers
}

function collect(node: Node, powers: Power[]): void {
  if (node.kind === 'array') for (const element of node.elements) collect(element, powers)
  if (node.kind !== 'object') return
  for (const { key, value } of node.entries) {
    const provider = getAt(value, ['provider'])
    const [name, inputs] =
      key.value === 'fn::open'
        ? [provider?.kind === 'string' ? provider.value : '', getAt(value, ['inputs'])]
        : [/^fn::open::(.+)$/.exec(key.value)?.[1] ?? '', value]
    const reader = Object.hasOwn(readers, name) ? readers[name] : undefined
    if (reader !== undefined) {
      for (const found of valuesAt(inputs, reader.at)) powers.push({ kind: reader.kind, value: found })
    }
    collect(value, powers)
  }
}

function valuesAt(node: Node | undefined, [step, ...rest]: readonly string[]): readonly string[] {
  if (node === undefined) return []
  if (step === '*') {
    return node.kind === 'object' ? node.entries.flatMap(({ value }) => valuesAt(value, rest)) : []
  }
  if (step !== undefined) return valuesAt(getAt(node, [step]), rest)
  const words = node.kind === 'array' ? node.elements : [node]
  const texts = words.flatMap((word) => (word.kind === 'string' && !word.value.includes('$') ? [word.value] : []))
  if (texts.length < words.length) return []
  return node.kind === 'array' ? [JSON.stringify(texts)] : texts
}
