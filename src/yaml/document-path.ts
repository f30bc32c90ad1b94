import type { PropertyPath } from './property-path.ts'

const bareName = /^[A-Za-z_][A-Za-z0-9_]*$/

/**
 * The document path of the value under `key`. Unlike in a property path, a name that
 * starts with a digit is quoted.
 */
export function joinPath(parent: string, key: string): string {
  if (key === '') return parent
  if (bareName.test(key)) return parent === '' ? key : `${parent}.${key}`
  return `${parent}["${key.replaceAll('"', '\\"')}"]`
}

/** The document path of an array's element. */
export function elementPath(parent: string, index: number): string {
  return `${parent}[${index}]`
}

/** The document path that a property path leads to, from the node at `parent`. */
export function documentPath(path: PropertyPath, parent = ''): string {
  return path.reduce<string>(
    (text, element) => (typeof element === 'number' ? elementPath(text, element) : joinPath(text, element)),
    parent,
  )
}
